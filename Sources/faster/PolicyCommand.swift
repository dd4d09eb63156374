import ActionTokenizers
import ArgumentParser
import FASTerVLA
import FASTerVQ
import Foundation
import LeRobot
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
            discussion: "With --steps 0 the policy keeps its first weights: an untrained one to compare with."
        )

        @OptionGroup var dataset: DatasetOptions
        @OptionGroup var training: TrainingOptions
        @OptionGroup var trials: TrialOptions
        @OptionGroup var compute: ComputeOptions

        @Option(
            help:
                "Folder of the tokenizer, or 'universal', the model for robots of every kind that comes with the program; it is copied into the policy. Heads that predict none of its codes need none."
        )
        var tokenizer: String?

        @Option(
            help:
                "How actions are predicted: \(PolicyHead.allCases.map(\.rawValue).joined(separator: ", ")); the recipe's unless said otherwise."
        )
        var head: String?

        @Option(help: "Control steps of a chunk, where no tokenizer of a robot says it.")
        var horizon = 16

        @Option(
            help:
                "Episodes to measure on while training, in the form of --episodes; those of --episodes, or all others, are trained on."
        )
        var heldOut: String?

        @Option(help: "Folder of a policy to begin with instead of first weights.")
        var from: String?

        @Option(help: "Parts to take from it, with commas: backbone, expert.")
        var take = "backbone,expert"

        @Option(help: "Folder for the policy.")
        var out: String

        func validate() throws { try atLeastOne(horizon, "--horizon") }

        func run() async throws {
            guard try training.isNeeded(for: out) else {
                return print("\(out): is finished, nothing to resume")
            }
            WaitPolicy.spinBriefly()
            let device = try compute.prepare()
            let recipe = try training.read(PolicyRecipe(), head.map { ["head=\($0)"] } ?? [])
            let (demonstrations, episodes) = try dataset.open()
            var assignment = PolicyTraining.Assignment(demonstrations, recipe: recipe)
            let count = demonstrations.dataset.episodes.count
            let heldOut = try heldOut.map { try EpisodeSelection($0, count: count) }
            assignment.heldOut = heldOut?.indices ?? []
            assignment.episodes = episodes ?? heldOut?.others(of: count)
            assignment.horizon = horizon
            assignment.seed = training.seed
            if PolicyHead(rawValue: recipe.head)?.needsTokenizer == true {
                assignment.tokenizer = try openTokenizer(demonstrations, assignment.episodes, device)
            }
            if let from {
                assignment.start = try PolicyStart(
                    namedModel(from, family: .policies),
                    taking: try parts(),
                    device: device
                )
            }
            assignment.trial = try await trials.trial(in: out.asFile.appending(path: "trials"))
            let decoding = Terminal.Progress("decode pictures")
            try PolicyTraining.run(
                assignment,
                to: out.asFile,
                resume: training.resume,
                device: device,
                decoding: { decoding.update($0, of: $1) },
                report: Terminal.training("policy", showing: ["loss", "accuracy", "success"])
            )
            print("\(out): trained \(recipe.steps) steps of \(recipe.batchSize)")
        }

        private func openTokenizer(_ demonstrations: Demonstrations, _ episodes: [Int]?, _ device: Device)
            throws
            -> FASTerVQTokenizer
        {
            guard let tokenizer else {
                throw ValidationError("--tokenizer: a policy that predicts FASTerVQ's codes needs one")
            }
            let opened =
                try belongsToNoRobot(tokenizer)
                ? TokenizerOpening(
                    demonstrations: demonstrations,
                    episodes: episodes,
                    takesOtherRobots: false,
                    horizon: horizon,
                    device: device
                ).open(tokenizer) : faster.openTokenizer(tokenizer, device: device)
            guard let opened = opened as? FASTerVQTokenizer else {
                throw ActionTokenizerError(
                    "\(tokenizer): a policy needs codes of fixed number, expected a fastervq tokenizer, found "
                        + "'\(opened.name)'"
                )
            }
            return opened
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
