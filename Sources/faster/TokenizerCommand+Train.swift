import ArgumentParser
import Foundation
import Training

extension TokenizerCommand {
    /// `faster tokenizer train`.
    struct Train: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Train a tokenizer on datasets' actions: FASTerVQ, or one that it is compared with.",
            discussion: """
                From one dataset comes the tokenizer of its robot. From several (--data A --data B ...) comes a model for \
                robots of every kind; '--from MODEL' makes it the tokenizer of a dataset's robot, with --steps 0 as it is. \
                With '--set refinement.codebookCount=N' it gets more codebooks, or fewer.
                '--kind vq-bet', 'vq-vla' or 'oat' trains a baseline instead, on one dataset, with the same recipe.
                """
        )

        @Option(help: "Folder of a LeRobot v3.0 dataset; may be repeated.")
        var data: [String]

        @Option(
            help:
                "Episodes to use, for example 0:36,40:76, or ^9::10 for all but every tenth; all unless said otherwise. Given once for all datasets, or once for each."
        )
        var episodes: [String] = []

        @Option(
            help:
                "Action groups, for example position=0:3,rotation=3:6,gripper=6; read off the dataset's names unless said otherwise."
        )
        var groups: String?

        @Option(
            help: "How often to draw from each dataset, with commas between; equally unless said otherwise."
        )
        var weights: String?

        @Option(help: "Which tokenizer: fastervq, vq-bet, vq-vla or oat; the recipe's unless said otherwise.")
        var kind: String?

        @Option(help: "Folder of a tokenizer or model to start from.")
        var from: String?

        @OptionGroup var training: TrainingOptions
        @OptionGroup var compute: ComputeOptions

        @Option(help: "Folder for the result.")
        var out: String

        @Option(help: "Control steps of a chunk; the recipe's unless said otherwise.")
        var horizon: Int?

        func run() throws {
            guard try training.isNeeded(for: out) else {
                return print("\(out): is finished, nothing to resume")
            }
            WaitPolicy.spinBriefly()
            let device = try compute.prepare()
            let settings =
                (horizon.map { ["horizon=\($0)"] } ?? []) + (kind.map { ["kind=\($0)"] } ?? [])
            let start = from.map { namedModel($0) }
            let defaults = try start.map { try TokenizerRecipe(startingFrom: $0) } ?? TokenizerRecipe()
            let recipe = try training.read(defaults, settings)
            let refining = Terminal.Progress("refine")
            let result = try TokenizerTraining.run(
                shares(),
                from: start,
                recipe: recipe,
                seed: training.seed,
                to: out.asFile,
                resume: training.resume,
                device: device,
                refining: { refining.update($0, of: $1) },
                report: Terminal.training("tokenizer", showing: ["l1"])
            )
            let (count, size) = (result.codebookSizes.count, result.codebookSizes[0])
            print(
                "\(out): \(recipe.kind), \(count == 1 ? "a codebook" : "\(count) codebooks") of \(size) entries, "
                    + "\(result.parameterCount) parameters"
            )
        }

        private func shares() throws -> [DatasetShare] {
            let numbers = weights.map { $0.split(separator: ",").map { Double($0) ?? -1 } }
            guard numbers.map({ $0.count == data.count && $0.allSatisfy { $0 > 0 && $0.isFinite } }) ?? true
            else {
                throw ValidationError(
                    "--weights: expected \(data.count) positive numbers, one a dataset, found '\(weights ?? "")'"
                )
            }
            guard groups == nil || data.count == 1 else {
                throw ValidationError("--groups: describes one dataset, but there are \(data.count)")
            }
            guard [0, 1, data.count].contains(episodes.count) else {
                throw ValidationError(
                    "--episodes: expected once for all datasets or once for each of \(data.count), found "
                        + "\(episodes.count) times"
                )
            }
            return try data.enumerated().map { index, folder in
                let own = episodes.count > 1 ? episodes[index] : episodes.first
                let (demonstrations, episodes) = try DatasetOptions(folder, episodes: own, groups: groups)
                    .open()
                return DatasetShare(demonstrations, episodes: episodes, weight: numbers?[index] ?? 1)
            }
        }
    }
}
