import ArgumentParser
import Foundation
import LeRobot
import Support
import Torch
import Training

extension TokenizerCommand {
    /// `faster tokenizer train`.
    struct Train: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Train a tokenizer on datasets' actions: FASTerVQ, or one that it is compared with.",
            discussion: """
                One dataset, or several of one robot (--data A --data B ...), train the tokenizer of that robot. Datasets of \
                several robots train one model for all of them; '--from MODEL' makes it the tokenizer of a dataset's robot, with \
                --steps 0 without further training. '--set actionSpaceQuantizer.codebookCount=N' sets the number of \
                action-space stages.
                One in ten of the selected episodes validates the training, which ends early where the error of those no \
                longer falls and keeps the weights with the lowest; '--set validation.everyNthEpisode=0' trains on all.
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
        @OptionGroup var group: ProcessOptions

        @Option(help: "Control steps of a chunk (default: the recipe's).")
        var horizon: Int?

        func run() async throws {
            guard try training.isNeeded() else { return }
            let start = from.map { namedModel($0) }
            let recipe = try training.read(
                start.map { try TokenizerRecipe(startingFrom: $0) } ?? TokenizerRecipe(),
                ["horizon": horizon.map(String.init), "kind": kind]
            )
            if try group.isLauncher {
                return try await group.launch(threads: compute.threads)
            }
            let device = try compute.prepare(localRank: group.localRank)
            let processes = try group.join(on: device)
            let hint = training.sayStart()
            defer { withExtendedLifetime(hint) {} }
            var tokenizer = TokenizerTraining(try datasets(recipe), recipe: recipe, device: device)
            if let difference = tokenizer.rateDifference { Terminal.say("Warning: \(difference)") }
            (tokenizer.start, tokenizer.seed, tokenizer.processes) = (start, training.seed, processes)
            if let line = tokenizer.validationLine { Terminal.say(line) }
            let fitting = Terminal.Progress("fit residual stages")
            let trained = try tokenizer.run(
                to: training.out.asFile,
                resume: training.resume,
                fitting: { fitting.update($0, of: $1) },
                report: Terminal.training("tokenizer", showing: ["l1", "validation_l1"])
            )
            guard let result = trained else { return }
            for line in result.lines(of: recipe) { Terminal.say(line) }
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

extension TokenizerTraining {
    /// The episodes of the validation, in a sentence; nil where none is wanted.
    fileprivate var validationLine: String? {
        let interval = recipe.validation.everyNthEpisode
        guard interval > 0, recipe.optimization.steps > 0 else { return nil }
        let heldOut = heldOutEpisodes.reduce(0) { $0 + $1.count }
        guard heldOut > 0 else {
            return "trains on all episodes without a validation, as fewer than \(interval) are selected"
        }
        let selected = datasets.reduce(0) { $0 + $1.selectedEpisodes.count }
        return
            "validates on \(heldOut) of \(selected) episodes, one in \(interval), and trains on the others; "
            + "--set validation.everyNthEpisode=0 trains on all"
    }
}

extension TrainedTokenizer {
    /// When the training ended, and with which errors, a sentence each.
    fileprivate func lines(of recipe: TokenizerRecipe) -> [String] {
        guard let validation else { return [] }
        func text(_ error: Double) -> String { String(format: "%.4f", error) }
        var lines: [String] = []
        if outcome.steps < recipe.optimization.steps {
            lines.append("ended after \(outcome.steps) steps, as the held-out L1 no longer fell")
        }
        if outcome.keptStep < outcome.steps {
            lines.append("kept the weights after step \(outcome.keptStep), with the lowest held-out L1")
        }
        let (training, heldOut) = (text(validation.trainingL1), text(validation.heldOutL1))
        lines.append("L1 \(training) on training episodes, \(heldOut) on held-out episodes")
        if validation.overfits {
            lines.append(
                "Warning: the tokenizer overfits; record more episodes, or try '--set augmentation=columnwise', "
                    + "or 'faster tokenizer fit', which overfits less"
            )
        }
        return lines
    }
}
