import ActionTokenizers
import ArgumentParser
import FASTerVQ
import Foundation
import Training

/// `faster policy`: trains policies.
struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Train block-wise policies.",
        subcommands: [Train.self]
    )

    /// `faster policy train`.
    struct Train: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Train FASTerVLA on a dataset and a tokenizer.",
            discussion: "With --steps 0 the policy keeps its first weights: an untrained one to compare with."
        )

        @OptionGroup var dataset: DatasetOptions
        @OptionGroup var training: TrainingOptions
        @OptionGroup var compute: ComputeOptions

        @Option(
            help:
                "Folder of the tokenizer, or 'universal', the model for robots of every kind that comes with the program; it is copied into the policy."
        )
        var tokenizer: String

        @Option(help: "Control steps of a chunk, where the tokenizer is a model that belongs to no robot.")
        var horizon = 16

        @Option(help: "Folder for the policy.")
        var out: String

        func run() throws {
            guard try training.isNeeded(for: out) else {
                return print("\(out): is finished, nothing to resume")
            }
            WaitPolicy.spinBriefly()
            let device = try compute.prepare()
            let recipe = try training.read(PolicyRecipe())
            let (demonstrations, episodes) = try dataset.open()
            let opened =
                try belongsToNoRobot(tokenizer)
                ? TokenizerOpening(
                    demonstrations: demonstrations,
                    episodes: episodes,
                    takesOtherRobots: false,
                    horizon: horizon,
                    device: device
                ).open(tokenizer) : openTokenizer(tokenizer, device: device)
            guard let tokenizer = opened as? FASTerVQTokenizer else {
                throw ActionTokenizerError(
                    "\(tokenizer): a policy needs codes of fixed number, expected a fastervq tokenizer, found "
                        + "'\(opened.name)'"
                )
            }
            let decoding = Terminal.Progress("decode pictures")
            try PolicyTraining.run(
                demonstrations,
                episodes: episodes,
                tokenizer: tokenizer,
                recipe: recipe,
                seed: training.seed,
                to: out.asFile,
                resume: training.resume,
                device: device,
                decoding: { decoding.update($0, of: $1) },
                report: Terminal.training("policy", showing: ["loss", "accuracy"])
            )
            print("\(out): trained \(recipe.steps) steps of \(recipe.batchSize)")
        }
    }
}
