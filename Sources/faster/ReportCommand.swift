import ArgumentParser

/// `faster report`: one HTML file about a run.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write report.html and summary.json about a run."
    )

    @Argument(help: "Folder of the run.")
    var folder: String

    func run() throws {}
}
