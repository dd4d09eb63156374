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
        abstract: "Train policies, describe, measure, quantize and compare them.",
        subcommands: [
            Train.self, Info.self, Inspect.self, Merge.self, Quantize.self, Compare.self,
        ]
    )

    /// `faster policy train`.
    struct Train: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Train FASTerVLA, or a head to compare it with, on datasets and a tokenizer.",
            discussion: """
                Several datasets (--data A --data B ..., or the recipe's) of one robot are read as one. Those of several \
                robots make a policy for all of them, with cameras, actions and rates of their own; 'faster serve --embodiment NAME' says which one it serves.
                With --steps 0 the policy keeps its random initialisation: an untrained one to compare with.
                '--set objectPose.weight=2 --set backbone.keypoints=16' adds an auxiliary loss on object poses, where the \
                dataset has them (observation.environment_state). These poses come from a simulator or a motion-capture \
                system: say so wherever the policy's success is quoted. The trained policy does not need them.
                '--set backbone.pretrained=MODEL' takes a published model, whose images are padded to the size of its vision encoder; \
                '--set backbone.imageProcessing=published' reads them by the model's own image processor, which may make \
                hundreds to thousands of tokens of a camera.
                """
        )

        @OptionGroup var data: TrainingDataOptions
        @OptionGroup var training: TrainingOptions
        @OptionGroup var rollouts: RolloutEvaluationOptions
        @OptionGroup var compute: ComputeOptions
        @OptionGroup var group: ProcessOptions

        @Flag(
            help:
                "Divide the optimizer's state among the processes, 8 bytes a parameter, and averaged weights, 4; half as much again is sent in a step. The result is the same."
        )
        var shardOptimizer = false

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

        @Option(
            help:
                "Folder that keeps what a frozen image encoder makes of the datasets' images, for other trainings, too (default: $XDG_CACHE_HOME/faster/image-features, or ~/.cache)."
        )
        var imageFeatures: String?

        @Option(
            help: "Parts to take from the policy of --from, with commas: backbone, expert (default: both)."
        )
        var take: String?

        func validate() throws {
            try horizonNumber(horizon)
            guard take == nil || from != nil else {
                throw ValidationError("--take: expected with --from, the policy to take parts of")
            }
        }

        func run() async throws {
            guard try training.isNeeded() else { return }
            let recipe = try training.read(PolicyRecipe(), ["head": head])
            if try group.isLauncher {
                try recipe.optimization.checkSharing(among: group.processes)
                return try await group.launch(threads: compute.threads)
            }
            let device = try compute.prepare(localRank: group.localRank)
            let processes = try group.join(on: device)
            let hint = training.sayStart()
            defer { withExtendedLifetime(hint) {} }
            var sources = try data.open(recipe.datasets, usesStates: true).map(source)
            try prepare(&sources, recipe, device)
            var policy = PolicyTraining(sources, recipe: recipe, device: device)
            (policy.horizon, policy.seed, policy.processes) = (horizon, training.seed, processes)
            (policy.shardsOptimizer, policy.processesPerMachine) = (shardOptimizer, try group.localCount)
            for line in try policy.missingCameras() { Terminal.say(line) }
            if let from {
                let folder = namedModel(from, family: .policies)
                policy.start = try PolicyStart(folder, taking: try parts(), device: device)
            }
            policy.rollouts = try await rollouts.evaluation(
                in: training.out.asFile.appending(path: "rollouts")
            )
            policy.imageEncoderWeights = ImageEncoderFiles.weights(of: recipe.backbone.imageEncoder)
            policy.imageFeatures = imageFeatures?.asFile ?? ImageEncoderFiles.features
            sayHowImagesAreEncoded(policy)
            let decoding = Terminal.Progress("decode videos")
            let encoding = Terminal.Progress("encode images")
            try policy.run(
                to: training.out.asFile,
                resume: training.resume,
                decoding: { decoding.update($0, of: $1) },
                encoding: { encoding.update($0, of: $1, "episodes") },
                report: Terminal.training("policy", showing: ["loss", "accuracy", "success"])
            )
            guard !Terminal.isQuiet else { return }
            print(
                "\(training.out): trained \(recipe.optimization.steps) steps of \(recipe.optimization.batchSize)"
            )
        }

        /// The dataset with the episodes to train on and to validate on.
        private func source(_ part: TrainingDataOptions.Opened) throws -> PolicySource {
            var source = PolicySource(part.demonstrations, name: part.robot)
            let count = part.demonstrations.dataset.episodes.count
            let selects = part.entry.episodes != nil
            func usable(_ episodes: [Int]) throws -> [Int] {
                try data.usable(
                    episodes,
                    of: part.demonstrations,
                    part.entry,
                    usesStates: true,
                    isSaid: selects
                ) ?? episodes
            }
            let heldOut = try (part.entry.heldOut ?? heldOut).map { try EpisodeSelection($0, count: count) }
            source.heldOut = try heldOut.map { try usable($0.indices) } ?? []
            source.episodes =
                selects
                ? part.episodes : try heldOut.map { try usable($0.trained(of: count)) } ?? part.episodes
            source.weight = part.entry.weight
            return source
        }

        /// Gives the sources chunks of the recipe's duration and the tokenizers of their robots.
        private func prepare(
            _ sources: inout [PolicySource],
            _ recipe: PolicyRecipe,
            _ device: Device
        ) throws {
            guard tokenizer != nil || !recipe.head.needsTokenizer else {
                throw ValidationError("--tokenizer: a policy that predicts FASTerVQ's codes needs one")
            }
            let used = recipe.head.needsTokenizer ? tokenizer : nil
            if let tokenizer, used == nil {
                let head = recipe.head.rawValue
                Terminal.say("Warning: --tokenizer \(tokenizer) is not used: head '\(head)' takes none")
            }
            let steps = used.flatMap { try? TokenizerRegistry.horizon(of: namedModel($0)) } ?? horizon
            for index in sources.indices {
                sources[index].demonstrations = recipe.chunk.applied(
                    to: sources[index].demonstrations,
                    horizon: steps
                )
            }
            for robot in try sources.robots() {
                if let used {
                    let tokenizer = try TokenizerOpener(
                        device,
                        actions: try robot.robotActions(),
                        horizon: horizon
                    ).tokenizer(used)
                    for position in robot.positions { sources[position].tokenizer = tokenizer }
                }
                let first = sources[robot.positions[0]].demonstrations
                Terminal.say("\(robot.name): \(first.durationLine(horizon: steps))")
            }
        }

        private func sayHowImagesAreEncoded(_ policy: PolicyTraining) {
            guard policy.recipe.backbone.imageEncoder == .efficientNetLite0 else { return }
            if policy.encodesOnce, let folder = policy.imageFeatures {
                return Terminal.say("image encoder: frozen; features are kept in \(folder.path)")
            }
            Terminal.say(
                "image encoder: runs in every step, as its last blocks are trained or augmentation changes the images; it runs "
                    + "once where backbone.imageEncoderTrainedBlocks, augmentation.shift, .brightness and .contrast are 0"
            )
        }

        private func parts() throws -> Set<PolicyStart.Part> {
            guard let take else { return Set(PolicyStart.Part.allCases) }
            let names = take.split(separator: ",").map(String.init)
            guard !names.isEmpty else {
                throw ValidationError("--take: expected backbone or expert, found '\(take)'")
            }
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
