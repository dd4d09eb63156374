import ArgumentParser
import Foundation

/// The command `faster`.
@main
struct Faster: AsyncParsableCommand {
    /// Written into metadata and reports.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        abstract: "Learned action tokenizers and block-wise vision-language-action policies.",
        discussion: """
            The usual way: 'collect' (or bring a LeRobot dataset), 'tokenizer train', 'policy train', then \
            'serve' it to a robot that speaks openpi's protocol, or 'evaluate' it in simulation and 'report'.
            """,
        version: version,
        subcommands: [
            CollectCommand.self, DataCommand.self, TokenizerCommand.self, PolicyCommand.self,
            ServeCommand.self,
            EvaluateCommand.self, ReportCommand.self, HelpPages.self,
        ]
    )

    /// Runs the command line.
    ///
    /// An option that proves wrong only as its command runs is named alone: the parser would add the whole program's usage.
    static func main() async {
        do {
            var command = try parseAsRoot()
            do {
                if var asyncCommand = command as? any AsyncParsableCommand {
                    try await asyncCommand.run()
                } else {
                    try command.run()
                }
            } catch let error as ValidationError {
                try? FileHandle.standardError.write(contentsOf: Data("Error: \(error.message)\n".utf8))
                exit(withError: ExitCode.validationFailure)
            }
        } catch {
            exit(withError: error)
        }
    }
}
