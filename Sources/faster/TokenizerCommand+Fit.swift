import ActionTokenizers
import ArgumentParser
import Foundation
import Training

extension TokenizerCommand {
    /// `faster tokenizer fit`.
    struct Fit: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fit FAST, BEAST or binning to a dataset's actions and keep it in a folder.",
            discussion:
                "The folder is one that 'evaluate', 'encode' and 'decode' open, as they open FASTerVQ's."
        )

        @OptionGroup var dataset: DatasetOptions
        @OptionGroup var options: BaselineOptions

        @Option(help: "Which tokenizer: fast, beast, binning or binning-uniform.")
        var kind: Baseline

        @Option(help: "Folder for the tokenizer.")
        var out: String

        func run() throws {
            try OutputFolder(out).checkUnfinished()
            let (demonstrations, episodes) = try dataset.open()
            let tokenizer = try options.fit(kind, to: demonstrations, episodes: episodes)
            try tokenizer.save(to: out.asFile)
            print(
                "\(out): \(tokenizer.name), an alphabet of \(tokenizer.codebookSizes[0]) for chunks of "
                    + "\(tokenizer.horizon) x \(tokenizer.dimension)"
            )
        }
    }
}
