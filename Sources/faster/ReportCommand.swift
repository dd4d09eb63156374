import ArgumentParser
import Foundation
import Reports
import Support

/// `faster report`: one HTML file about a run.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write report.html and summary.json about a run.",
        discussion: """
            Reads what is there of tokenizer/metrics.jsonl, tokenizer/evaluation/*.json, policy/metrics.jsonl, \
            evaluation/{policy,expert,untrained,shipped}/ and seconds.json; parts that are missing are left out.
            """
    )

    @Argument(help: "Folder of the run.")
    var folder: String

    func run() throws {
        let url = folder.asFile
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw OutputError(description: "\(folder): no such folder")
        }
        let run = RunFolder(url)
        run.warnings.forEach(Terminal.say)
        guard !run.isEmpty else {
            throw OutputError(
                description:
                    "\(folder): holds nothing to report on; expected tokenizer/, policy/ or evaluation/"
            )
        }
        let page = url.appending(path: "report.html")
        try run.report().write(to: page)
        let summary = run.summary
        try DurableFile.writeJSON(summary, to: url.appending(path: "summary.json"))
        print("report   \(page.path)")
        let width = max(24, (summary.success?.keys.map(\.count).max() ?? 0) + 2)
        for (task, rate) in (summary.success ?? [:]).sorted(by: { $0.key < $1.key }) {
            print(
                "success  " + task.column(width)
                    + String(format: "%3.0f %%", 100 * rate)
            )
        }
        if let mean = summary.successMean {
            print("success  " + "mean".column(width) + String(format: "%3.0f %%", 100 * mean))
        }
    }
}
