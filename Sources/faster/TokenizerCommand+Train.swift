import ArgumentParser
import Foundation
import Support
import Training

extension TokenizerCommand {
    /// `faster tokenizer train`.
    struct Train: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Train a tokenizer on datasets' actions: FASTerVQ, or one that it is compared with.",
            discussion: """
                From one dataset comes the tokenizer of its robot. From several (--data A --data B ...) comes a model for \
                robots of every type; '--from MODEL' makes it the tokenizer of a dataset's robot, with --steps 0 as it is. \
                With '--set actionSpaceQuantizer.codebookCount=N' it gets more action-space stages, or fewer.
                '--kind vq-bet', 'vq-vla' or 'oat' trains a baseline instead, on one dataset, with the same recipe.
                """
        )

        @Option(help: "Folder of a LeRobot dataset, v2.0, v2.1 or v3.0; may be repeated.")
        var data: [String]

        @OptionGroup var selection: EpisodeOptions

        @Option(help: "Sampling weight of each dataset, with commas between (default: equal).")
        var weights: String?

        @Option(help: "Tokenizer to train: \(TokenizerKind.names) (default: the recipe's).")
        var kind: String?

        @Option(help: "Folder of a tokenizer or model to start from.")
        var from: String?

        @OptionGroup var training: TrainingOptions
        @OptionGroup var compute: ComputeOptions

        @Option(help: "Control steps of a chunk (default: the recipe's).")
        var horizon: Int?

        func run() throws {
            guard try training.isNeeded() else { return }
            let device = try compute.prepare()
            let start = from.map { namedModel($0) }
            let recipe = try training.read(
                start.map { try TokenizerRecipe(startingFrom: $0) } ?? TokenizerRecipe(),
                ["horizon": horizon.map(String.init), "kind": kind]
            )
            var tokenizer = TokenizerTraining(try datasets(), recipe: recipe, device: device)
            if let difference = tokenizer.rateDifference { Terminal.say("Warning: \(difference)") }
            (tokenizer.start, tokenizer.seed) = (start, training.seed)
            let fitting = Terminal.Progress("fit residual stages")
            let result = try tokenizer.run(
                to: training.out.asFile,
                resume: training.resume,
                fitting: { fitting.update($0, of: $1) },
                report: Terminal.training("tokenizer", showing: ["l1"])
            )
            let (count, size) = (result.codebookSizes.count, result.codebookSizes[0])
            print(
                "\(training.out): \(recipe.kind.rawValue), \(count == 1 ? "a codebook" : "\(count) codebooks") of \(size) "
                    + "entries, \(result.parameterCount) parameters"
            )
        }

        private func datasets() throws -> [WeightedDataset] {
            let numbers = weights.map { $0.split(separator: ",").map { Double($0) ?? -1 } }
            guard numbers.map({ $0.count == data.count && $0.allSatisfy { $0 > 0 && $0.isFinite } }) ?? true
            else {
                throw ValidationError(
                    "--weights: expected \(data.count) positive numbers, one per dataset, found '\(weights ?? "")'"
                )
            }
            return try selection.open(data).enumerated().map { index, part in
                WeightedDataset(part.demonstrations, episodes: part.episodes, weight: numbers?[index] ?? 1)
            }
        }
    }
}
