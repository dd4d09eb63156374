import Foundation
import LeRobot
import NN
import RobotTypes
import Support
import TemporaryFolder
import Testing
import TokenizerRegistry
import Torch

@testable import Training

@Suite("A tokenizer's validation")
struct TokenizerValidationTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Writes eight episodes of random motion, the fourth and the eighth of which run backwards if `turned`.
    private func dataset(_ name: String, turned: Bool = false) throws -> Demonstrations {
        let writer = try DatasetWriter(
            creating: folder.appending(path: name),
            DatasetDescription(fps: 20, robotType: "arm", actionNames: ["x", "y"], stateNames: ["x", "y"])
        )
        var random = SeededRandom(seed: 2)
        for episode in 0 ..< 8 {
            let rows = (0 ..< 20).map { _ in
                (0 ..< 2).map { _ in Float.random(in: -1 ... 1, using: &random) }
            }
            let actions = turned && episode % 4 == 3 ? rows.reversed() : rows
            try writer.addEpisode(frames: [:], states: rows, actions: actions, task: "shake")
        }
        try writer.finish()
        return try Demonstrations(opening: folder.appending(path: name))
    }

    /// A tokenizer that overfits its few chunks.
    private func recipe(_ settings: String...) throws -> TokenizerRecipe {
        try RecipeReader.recipe(
            TokenizerRecipe(),
            settings: [
                "horizon=8", "optimization.steps=120", "optimization.batchSize=32", "quantizeAfter=20",
                "optimization.warmUpSteps=5", "optimization.logEvery=10", "quantizer.codebookSize=64",
                "autoencoder.width=32", "autoencoder.headCount=2", "autoencoder.encoderLayers=1",
                "autoencoder.decoderLayers=1", "actionSpaceQuantizer.kMeansIterations=4",
                "validation.everyNthEpisode=4", "validation.every=20",
            ] + settings
        )
    }

    private func train(_ data: Demonstrations, _ recipe: TokenizerRecipe, to out: String) throws
        -> (result: TrainedTokenizer, errors: [Double?])
    {
        let output = folder.appending(path: out)
        let result = try #require(
            try TokenizerTraining([WeightedDataset(data)], recipe: recipe, device: .cpu)
                .run(to: output, resume: false, report: { _ in })
        )
        let lines = TrainingMetrics.lines(of: output.appending(path: "metrics.jsonl"))
        return (result, lines.map { $0["validation_l1"] })
    }

    @Test("takes the last of every so many selected episodes, none of too few")
    func episodes() throws {
        let data = try dataset("data")
        let all = WeightedDataset(data)
        #expect(all.heldOut(everyNth: 4) == [3, 7])
        #expect(all.trained(without: [3, 7]) == [0, 1, 2, 4, 5, 6])
        #expect(all.heldOut(everyNth: 0) == [] && all.heldOut(everyNth: 9) == [])
        #expect(all.trained(without: []) == nil)
        let some = WeightedDataset(data, episodes: [6, 1, 4])
        #expect(some.heldOut(everyNth: 2) == [1])
        #expect(some.trained(without: [1]) == [6, 4])
        var training = TokenizerTraining([all, some], recipe: try recipe(), device: .cpu)
        #expect(training.heldOutEpisodes == [[3, 7], []])
        training.recipe.optimization.steps = 0
        #expect(training.heldOutEpisodes == [[], []])
    }

    @Test(
        "measures quantized chunks, says that the tokenizer overfits, and has no part without held-out episodes"
    )
    func overfitting() throws {
        let data = try dataset("data")
        let (result, errors) = try train(data, try recipe(), to: "validated")
        // Latents are quantized from step 20 on, and codebooks have a quarter of all steps to settle.
        #expect(errors[0 ..< 6].allSatisfy { $0 == nil } && errors[6] != nil && errors.last != .some(nil))
        let validation = try #require(result.validation)
        #expect(validation.overfits)
        #expect(result.outcome.keptStep <= result.outcome.steps)
        let whole = try train(data, try recipe("validation.everyNthEpisode=0"), to: "whole")
        #expect(whole.result.validation == nil && whole.errors.allSatisfy { $0 == nil })
        #expect(whole.result.outcome == Trainer.Outcome(steps: 120, keptStep: 120))
    }

    @Test("does not let the network see its episodes")
    func unseen() throws {
        let recipe = try recipe("validation.every=1000", "optimization.steps=10")
        let plain = try train(try dataset("plain"), recipe, to: "plain-out")
        let turned = try train(try dataset("turned", turned: true), recipe, to: "turned-out")
        #expect(plain.errors.last != turned.errors.last)
        func weights(_ name: String) throws -> Data {
            try Data(contentsOf: folder.appending(path: "\(name)/model.safetensors"))
        }
        #expect(try weights("plain-out") == weights("turned-out"))
    }

    @Test("covers baselines and several robots")
    func kinds() throws {
        for kind in ["vq-bet", "oat"] {
            let recipe = try recipe("kind=\(kind)", "optimization.steps=8", "initialChunks=64")
            let (result, errors) = try train(try dataset(kind), recipe, to: "\(kind)-out")
            #expect(result.validation != nil && errors.last != .some(nil), "\(kind)")
        }
        let robots = try ["one", "two"].map { WeightedDataset(try dataset($0), robot: $0) }
        let output = folder.appending(path: "robots-out")
        let result = try TokenizerTraining(
            robots,
            recipe: try recipe("optimization.steps=8", "moreHorizons=[16]"),
            device: .cpu
        ).run(to: output, resume: false, report: { _ in })
        #expect(result?.validation != nil)
    }

    @Test("finds overfitting where held-out chunks have twice the error")
    func ratio() {
        #expect(TokenizerValidation(trainingL1: 0.004, heldOutL1: 0.05).overfits)
        #expect(!TokenizerValidation(trainingL1: 0.01, heldOutL1: 0.018).overfits)
        #expect(!TokenizerValidation(trainingL1: 0.001, heldOutL1: 0.004).overfits)
    }

    @Test("has settings that can be worked with")
    func settings() {
        for (setting, reason) in [
            (
                "validation.everyNthEpisode=1",
                "'validation.everyNthEpisode' should be 0, or at least 2, found 1"
            ),
            ("validation.every=0", "'validation.every' should be at least 1, found 0"),
            ("validation.patience=-1", "'validation.patience' should be at least 0, found -1"),
        ] {
            let error = #expect(throws: RecipeError.self) { try recipe(setting) }
            #expect(error?.reason == reason)
        }
    }
}
