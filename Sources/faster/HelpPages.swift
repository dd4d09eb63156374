import ArgumentParser
import Foundation

/// `faster help-pages`: writes the help of every command to files, for the launcher (`Scripts/launcher`).
struct HelpPages: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write every command's help to files, one a command and width.",
        shouldDisplay: false
    )

    @Option(help: "Folder for the pages.")
    var out: String

    /// Columns of a line; narrower terminals are left to the program itself.
    private static let widths = [80, 100, 120, 160, 200]

    func run() throws {
        let folder = out.asFile
        for width in Self.widths {
            let pages = folder.appending(path: "help/" + String(format: "%03d", width))
            try FileManager.default.createDirectory(at: pages, withIntermediateDirectories: true)
            try write(Faster.self, "faster", width, to: pages)
        }
        try Data((Faster.version + "\n").utf8).write(to: folder.appending(path: "version"))
    }

    /// Writes the page of `command`, `faster-policy-train` of `faster policy train`, and those of its subcommands.
    private func write(_ command: any ParsableCommand.Type, _ name: String, _ width: Int, to pages: URL)
        throws
    {
        let text = Faster.helpMessage(for: command, columns: width) + "\n"
        try Data(text.utf8).write(to: pages.appending(path: name))
        for child in command.configuration.subcommands where child.configuration.shouldDisplay {
            try write(child, "\(name)-\(child._commandName)", width, to: pages)
        }
    }
}
