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
            abstract: "Fit FAST, BEAST or binning to a dataset's actions and save it to a folder.",
            discussion: "The other commands open the folder as they open FASTerVQ's."
        )

        @OptionGroup var dataset: DatasetOptions
        @OptionGroup var options: FittingOptions

        @Option(help: "Tokenizer to fit: \(FittedTokenizer.names).")
        var kind: FittedTokenizer

        @Option(help: "Folder for the tokenizer.")
        var out: String

        func run() throws {
            try OutputFolder(out).checkUnfinished()
            let (demonstrations, episodes) = try dataset.open()
            let actions = try demonstrations.robotActions(episodes: episodes)
            let tokenizer = try kind.fit(to: actions, horizon: options.horizon, options.settings)
            if tokenizer.normalizedLimit != nil {
                let chunks = try actions.chunks(horizon: options.horizon)
                Terminal.say("Note: \(dataset.data): \(try tokenizer.clippedToRange(chunks).clipped)")
            }
            try tokenizer.save(to: out.asFile)
            print(
                "\(out): \(tokenizer.name), \(tokenizer.codebookSizes[0]) tokens for chunks of "
                    + "\(tokenizer.horizon) x \(tokenizer.dimension)"
            )
        }
    }
}
