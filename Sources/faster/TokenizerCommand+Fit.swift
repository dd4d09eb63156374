import ActionTokenizers
import ArgumentParser
import Foundation
import Support
import TokenizerRegistry
import Training

extension TokenizerCommand {
    /// `faster tokenizer fit`.
    struct Fit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fit a tokenizer to a dataset's actions, without training, and save it to a folder.",
            discussion: """
                'fastervq-linear' (FASTerVQ with a linear encoder) is the one to begin with: residual codebooks of the \
                chunks' principal components, fitted in about a minute. 'fast', 'beast' and 'binning' are for \
                comparison. The other commands open the folder as they open one of 'faster tokenizer train'.
                """
        )

        @Option(
            help:
                "Folder of a LeRobot dataset, v2.0, v2.1 or v3.0; may be repeated, for datasets of one robot."
        )
        var data: [String]

        @OptionGroup var selection: EpisodeOptions
        @OptionGroup var options: FittingOptions
        @OptionGroup var group: ProcessOptions

        @Option(help: "Tokenizer to fit: \(FittedTokenizer.names).")
        var kind = FittedTokenizer.linearFASTerVQ

        @Option(help: "Folder for the tokenizer.")
        var out: String

        func run() async throws {
            try OutputFolder(out).checkUnfinished()
            if try group.isLauncher { return try await group.launchExamination() }
            let processes = try group.join()
            // The others are fitted in a moment, or in an order that cannot be divided.
            guard kind == .linearFASTerVQ || !Terminal.isQuiet else { return }
            let actions = try robot().robotActions()
            if kind == .linearFASTerVQ {
                Terminal.say("fit  choosing the partition into latent positions by every fifth episode")
            }
            let progress = Terminal.Progress("fit")
            let tokenizer = try kind.fit(
                to: actions,
                horizon: options.horizon,
                options.settings,
                processes: processes
            ) { progress.update($0, of: $1) }
            guard !Terminal.isQuiet else { return }
            if tokenizer.normalizedLimit != nil {
                let chunks = try actions.chunks(horizon: options.horizon)
                let clipped = try tokenizer.clippedToRange(chunks).clipped
                Terminal.say("Note: \(data.joined(separator: ", ")): \(clipped)")
            }
            try tokenizer.save(to: out.asFile)
            print(
                "\(out): \(tokenizer.name), \(sizes(tokenizer.layout)) for chunks of "
                    + "\(tokenizer.horizon) x \(tokenizer.dimension)"
            )
        }

        /// The datasets, which have to be of one robot.
        private func robot() throws -> RobotDemonstrations {
            let parts = try selection.open(data)
            let robots = RobotNames(zip(data, parts).map { (DatasetEntry(path: $0), $1.demonstrations) })
            for line in robots.lines { Terminal.say(line) }
            guard Set(robots.names).count == 1 else {
                throw ValidationError(
                    "--data: expected datasets of one robot, found \(Set(robots.names).count) robots; fit one tokenizer "
                        + "a robot, or train one for all with 'faster tokenizer train'"
                )
            }
            return try RobotDemonstrations(named: robots.names[0], parts)
        }

        private func sizes(_ layout: TokenLayout) -> String {
            guard let tokens = layout.tokenCount else { return "\(layout.codebookSizes[0]) tokens" }
            let codebooks = layout.codebookCount == 1 ? "codebook" : "codebooks"
            return
                "\(tokens) tokens (\(layout.codebookCount) \(codebooks) of \(layout.codebookSizes[0]) entries)"
        }
    }
}
