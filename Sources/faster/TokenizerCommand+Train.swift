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
                From one dataset, or several of one robot (--data A --data B ...), comes the tokenizer of the robot. From \
                datasets of several robots comes a model for robots of every type; '--from MODEL' makes it the tokenizer of a dataset's robot, with --steps 0 as it is. \
                With '--set actionSpaceQuantizer.codebookCount=N' it gets more action-space stages, or fewer.
                '--kind vq-bet', 'vq-vla' or 'oat' trains a baseline instead, on one robot, with the same recipe.
                """
        )

        @OptionGroup var data: TrainingDataOptions

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
            var tokenizer = TokenizerTraining(try datasets(recipe), recipe: recipe, device: device)
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

        private func datasets(_ recipe: TokenizerRecipe) throws -> [WeightedDataset] {
            try data.open(recipe.datasets).map { part in
                let demonstrations = recipe.chunk.applied(to: part.demonstrations, horizon: recipe.horizon)
                Terminal.say("\(part.entry.path): \(demonstrations.durationLine(horizon: recipe.horizon))")
                return WeightedDataset(
                    demonstrations,
                    episodes: part.episodes,
                    weight: part.entry.weight,
                    robot: part.robot
                )
            }
        }
    }
}
