import ActionTokenizers
import ArgumentParser
import Foundation
import Support
import TokenizerRegistry
import Training

extension TokenizerCommand {
    /// `faster tokenizer fit`.
    struct Fit: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fit a tokenizer to a dataset's actions, without training, and save it to a folder.",
            discussion: """
                'fastervq-linear' (FASTerVQ with a linear encoder) is the one to begin with: residual codebooks of the \
                chunks' principal components, fitted in about a minute. 'fast', 'beast' and 'binning' are for \
                comparison. The other commands open the folder as they open one of 'faster tokenizer train'.
                """
        )

        @OptionGroup var dataset: DatasetOptions
        @OptionGroup var options: FittingOptions

        @Option(help: "Tokenizer to fit: \(FittedTokenizer.names).")
        var kind = FittedTokenizer.linearFASTerVQ

        @Option(help: "Folder for the tokenizer.")
        var out: String

        func run() throws {
            try OutputFolder(out).checkUnfinished()
            let (demonstrations, episodes) = try dataset.open()
            let actions = try demonstrations.robotActions(episodes: episodes)
            if kind == .linearFASTerVQ {
                Terminal.say("fit  choosing the partition into latent positions by every fifth episode")
            }
            let progress = Terminal.Progress("fit")
            let tokenizer = try kind.fit(to: actions, horizon: options.horizon, options.settings) {
                done,
                all in
                progress.update(done, of: all)
            }
            if tokenizer.normalizedLimit != nil {
                let chunks = try actions.chunks(horizon: options.horizon)
                Terminal.say("Note: \(dataset.data): \(try tokenizer.clippedToRange(chunks).clipped)")
            }
            try tokenizer.save(to: out.asFile)
            print(
                "\(out): \(tokenizer.name), \(sizes(tokenizer.layout)) for chunks of "
                    + "\(tokenizer.horizon) x \(tokenizer.dimension)"
            )
        }

        private func sizes(_ layout: TokenLayout) -> String {
            guard let tokens = layout.tokenCount else { return "\(layout.codebookSizes[0]) tokens" }
            let codebooks = layout.codebookCount == 1 ? "codebook" : "codebooks"
            return
                "\(tokens) tokens (\(layout.codebookCount) \(codebooks) of \(layout.codebookSizes[0]) entries)"
        }
    }
}
