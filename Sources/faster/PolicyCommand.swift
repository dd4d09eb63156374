import ActionTokenizers
import ArgumentParser
import FASTerVLA
import Foundation
import LeRobot
import Support
import TokenizerRegistry
import Torch
import Training

/// `faster policy`: trains policies.
struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Train policies, and compare them.",
        subcommands: [Train.self, Compare.self]
    )

    /// `faster policy train`.
    struct Train: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Train FASTerVLA, or a head to compare it with, on a dataset and a tokenizer.",
            discussion: """
                With --steps 0 the policy keeps its random initialisation: an untrained one to compare with.
                '--set objectPose.weight=2 --set backbone.keypoints=16' adds an auxiliary loss on object poses, where the \
                dataset has them (observation.environment_state). These poses come from a simulator or a motion-capture \
                system: say so wherever the policy's success is quoted. The trained policy does not need them.
                """
        )

        @OptionGroup var dataset: DatasetOptions
        @OptionGroup var training: TrainingOptions
        @OptionGroup var rollouts: RolloutEvaluationOptions
        @OptionGroup var compute: ComputeOptions

        @Option(
            help:
                "Folder of the tokenizer, or 'universal', the model for robots of every type that comes with the program; it is copied into the policy. Only heads that predict FASTerVQ's codes need one."
        )
        var tokenizer: String?

        @Option(help: "Action head: \(PolicyHead.names) (default: the recipe's).")
        var head: String?

        @Option(help: "Control steps of a chunk, where no tokenizer has a horizon.")
        var horizon = 16

        @Option(
            help:
                "Episodes to validate on while training, in the form of --episodes; those of --episodes, or all others, are trained on."
        )
        var heldOut: String?

        @Option(help: "Folder of a policy to start from instead of random initialisation.")
        var from: String?

        @Option(help: "Parts to take from it, with commas: backbone, expert.")
        var take = "backbone,expert"

        func validate() throws { try atLeastOne(horizon, "--horizon") }

        func run() async throws {
            guard try training.isNeeded() else { return }
            let device = try compute.prepare()
            let recipe = try training.read(PolicyRecipe(), ["head": head])
            let (demonstrations, episodes) = try dataset.open(usesStates: true)
            let count = demonstrations.dataset.episodes.count
            let heldOut = try heldOut.map { try EpisodeSelection($0, count: count) }
            var policy = PolicyTraining(demonstrations, recipe: recipe, device: device)
            let selects = !dataset.selection.episodes.isEmpty
            func usable(_ episodes: [Int]) throws -> [Int] {
                try dataset.selection.mapping.usable(
                    episodes,
                    of: demonstrations,
                    dataset.data,
                    usesStates: true,
                    isSaid: selects
                ) ?? episodes
            }
            policy.heldOut = try heldOut.map { try usable($0.indices) } ?? []
            policy.episodes =
                selects ? episodes : try heldOut.map { try usable($0.others(of: count)) } ?? episodes
            policy.horizon = horizon
            policy.seed = training.seed
            if recipe.head.needsTokenizer {
                policy.tokenizer = try openTokenizer(demonstrations, policy.episodes, device)
            }
            if let from {
                let folder = namedModel(from, family: .policies)
                policy.start = try PolicyStart(folder, taking: try parts(), device: device)
            }
            policy.rollouts = try await rollouts.evaluation(
                in: training.out.asFile.appending(path: "rollouts")
            )
            let decoding = Terminal.Progress("decode videos")
            try policy.run(
                to: training.out.asFile,
                resume: training.resume,
                decoding: { decoding.update($0, of: $1) },
                report: Terminal.training("policy", showing: ["loss", "accuracy", "success"])
            )
            print(
                "\(training.out): trained \(recipe.optimization.steps) steps of \(recipe.optimization.batchSize)"
            )
        }

        private func openTokenizer(
            _ demonstrations: Demonstrations,
            _ episodes: [Int]?,
            _ device: Device
        ) throws -> any ActionTokenizer {
            guard let tokenizer else {
                throw ValidationError("--tokenizer: a policy that predicts FASTerVQ's codes needs one")
            }
            let actions = try demonstrations.robotActions(episodes: episodes)
            return try TokenizerOpener(device, actions: actions, horizon: horizon).tokenizer(tokenizer)
        }

        private func parts() throws -> Set<PolicyStart.Part> {
            let names = take.split(separator: ",").map(String.init)
            return Set(
                try names.map { name in
                    guard let part = PolicyStart.Part(rawValue: name) else {
                        throw ValidationError("--take: expected backbone or expert, found '\(name)'")
                    }
                    return part
                }
            )
        }
    }
}
