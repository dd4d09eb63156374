import ArgumentParser
import FASTerVQ
import Foundation
import Training

extension TokenizerCommand {
    /// `faster tokenizer train`.
    struct Train: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Train FASTerVQ on a dataset's actions.")

        @OptionGroup var dataset: DatasetOptions
        @OptionGroup var training: TrainingOptions
        @OptionGroup var compute: ComputeOptions

        @Option(help: "Folder for the tokenizer.")
        var out: String

        @Option(help: "Control steps of a chunk; the recipe's unless said otherwise.")
        var horizon: Int?

        func run() throws {
            guard try training.isNeeded(for: out) else {
                return print("\(out): is finished, nothing to resume")
            }
            let device = try compute.prepare()
            let settings = horizon.map { ["horizon=\($0)"] } ?? []
            let recipe = try training.read(TokenizerRecipe(), settings)
            let (demonstrations, episodes) = try dataset.open()
            let tokenizer = try TokenizerTraining.run(
                demonstrations,
                episodes: episodes,
                recipe: recipe,
                seed: training.seed,
                to: out.asFile,
                resume: training.resume,
                device: device,
                report: Terminal.training("tokenizer", showing: ["l1", "peak"])
            )
            print(
                "\(out): \(tokenizer.tokenCount) tokens a chunk of \(tokenizer.horizon) x \(tokenizer.dimension), "
                    + "\(tokenizer.codebookCount) codebooks of \(tokenizer.codebookSize) entries"
            )
        }
    }
}
