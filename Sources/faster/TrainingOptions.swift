import ArgumentParser
import Foundation
import Support
import Training

/// The recipe of a training and its course.
struct TrainingOptions: ParsableArguments {
    @Option(help: "YAML file of settings; absent keys keep their defaults.")
    var recipe: String?

    @Option(
        name: .customLong("set"),
        help: "One setting, key=value; dots reach into groups. May be repeated."
    )
    var settings: [String] = []

    @Option(help: "Number of steps (default: the recipe's).")
    var steps: Int?

    @Option(help: "Seed of initialisation, order and augmentation.")
    var seed: UInt64 = 0

    @Flag(
        help:
            "Continue from the newest checkpoint; the result is the same, bit for bit, as without the interruption. A finished result is left alone."
    )
    var resume = false

    @Option(help: "Folder for the result.")
    var out: String

    /// The recipe on top of `defaults`, with `more` settings on top of all others.
    func read<Recipe: Codable & Validatable>(_ defaults: Recipe, _ more: [String: String?]) throws -> Recipe {
        let options = more.merging(["optimization.steps": steps.map(String.init)]) { $1 }
        let given = options.compactMap { key, value in value.map { "\(key)=\($0)" } }.sorted()
        return try RecipeReader.recipe(defaults, file: recipe?.asFile, settings: settings + given)
    }

    /// Says that an interrupted training is given up, where there is one that --resume would continue.
    ///
    /// - Returns: What says at ctrl-C how the training goes on.
    func sayStart() -> ContinuationHint {
        if !resume, Trainer.hasCheckpoint(in: out.asFile) {
            Terminal.say(
                "\(out): starts anew, without the checkpoint that is there; --resume would continue from it"
            )
        }
        return ContinuationHint { [out] in
            Trainer.hasCheckpoint(in: out.asFile)
                ? "\(out): the same command with --resume continues from the last checkpoint"
                : "\(out): interrupted before the first checkpoint; nothing is left to resume"
        }
    }

    /// Returns true if the folder for the result still lacks it; otherwise says so.
    ///
    /// - Throws: ``OutputError`` when the folder cannot be written, or would be overwritten.
    func isNeeded() throws -> Bool {
        let folder = try OutputFolder(out)
        if !resume { try folder.checkUnfinished() }
        if folder.isFinished { print("\(out): is finished, nothing to resume") }
        return !folder.isFinished
    }
}
