import ActionTokenizers
import FASTerVLA
import FASTerVQ
import Foundation
import RobotTypes
import Support
import TemporaryFolder
import Testing
import TokenizerRegistry
import Torch

@testable import Training

@Suite("Policies of several robots", .serialized)
struct PolicyMixtureTests {
    struct Killed: Error {}

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try TwoRobots.write(to: folder.url)
    }

    private func recipe(_ head: String, _ more: [String] = []) throws -> PolicyRecipe {
        try RecipeReader.recipe(
            PolicyRecipe(),
            settings: [
                "head=\(head)", "optimization.steps=6", "optimization.batchSize=8",
                "optimization.computeDType=float32", "optimization.checkpointEvery=4", "backbone.width=32",
                "backbone.layerCount=2", "backbone.headCount=2", "backbone.pixelsPerToken=32",
                "backbone.keypoints=2", "expert.width=32", "validateEvery=4", "validationExamples=8",
            ] + more
        )
    }

    /// Trains on `sources`; the weights at the end.
    @discardableResult
    private func run(
        _ sources: [PolicySource],
        _ recipe: PolicyRecipe,
        to name: String,
        resume: Bool = false,
        from start: PolicyStart? = nil,
        dyingAt step: Int? = nil
    ) throws -> Data {
        var training = PolicyTraining(sources, recipe: recipe, device: .cpu)
        (training.horizon, training.start) = (8, start)
        if let step {
            training.rollouts = .init(every: 5) { _, done in
                if done >= step { throw Killed() }
                return [:]
            }
        }
        let output = folder.appending(path: name)
        try training.run(to: output, resume: resume, decoding: { _, _ in }, report: { _ in })
        return try Data(contentsOf: output.appending(path: "model.safetensors"))
    }

    private func observation(_ contract: PolicyContract, side: UInt8 = 200) -> Observation {
        let images = contract.cameras.map { camera in
            let grey: UInt8 = camera.name == "side" ? side : 90
            return (
                camera.name,
                Image(width: 32, height: 32, pixels: Array(repeating: grey, count: 32 * 32 * 3))
            )
        }
        return Observation(
            images: Dictionary(uniqueKeysWithValues: images),
            state: Array(repeating: 0.25, count: contract.stateDimension),
            instruction: "wave"
        )
    }

    /// Two robots' tokenizers of one model, trained for a few steps.
    private func withTokenizers(_ sources: [PolicySource]) throws -> [PolicySource] {
        let recipe = try RecipeReader.recipe(
            TokenizerRecipe(),
            settings: [
                "horizon=8", "optimization.steps=4", "optimization.batchSize=16", "initialChunks=32",
                "quantizer.codebookSize=16", "quantizer.kMeansIterations=2", "autoencoder.width=16",
                "autoencoder.headCount=2", "autoencoder.encoderLayers=1", "autoencoder.decoderLayers=1",
            ]
        )
        let model = folder.appending(path: "model")
        let datasets = sources.map {
            WeightedDataset($0.demonstrations, episodes: $0.episodes, weight: $0.weight)
        }
        try TokenizerTraining(datasets, recipe: recipe, device: .cpu).run(
            to: model,
            resume: false,
            report: { _ in }
        )
        return try sources.map { source in
            var source = source
            source.tokenizer = try TokenizerRegistry.open(
                model,
                for: try source.demonstrations.robotActions(episodes: source.episodes),
                horizon: 8,
                device: .cpu
            )
            return source
        }
    }

    @Test(
        "serve each of them with its own cameras, states, actions and rate",
        arguments: ["flow", "regression"]
    )
    func served(head: String) async throws {
        try run(TwoRobots.sources(in: folder.url), recipe(head), to: "policy")
        let output = folder.appending(path: "policy")
        let arm = try await PolicyFolder.load(from: output, embodiment: "arm", device: .cpu)
        let hand = try await PolicyFolder.load(from: output, embodiment: "hand", device: .cpu)
        #expect(arm.contract.cameras.map(\.name) == ["top", "side"])
        #expect(hand.contract.cameras.map(\.name) == ["top"])
        #expect([arm.contract, hand.contract].map(\.stateDimension) == [2, 1])
        #expect([arm.contract, hand.contract].map(\.actionSpace.dimension) == [3, 5])
        #expect([arm.contract, hand.contract].map(\.framesPerSecond) == [20, 50])
        #expect(hand.contract.actionNames?.last == "squeeze")
        for policy in [arm, hand] {
            let observation = observation(policy.contract)
            let chunk = try await policy.act(on: observation).chunk
            #expect(chunk.horizon == 8 && chunk.dimension == policy.contract.actionSpace.dimension)
            #expect(chunk.values.allSatisfy { $0.isFinite })
        }
        let bright = try await arm.act(on: observation(arm.contract)).chunk
        #expect(try await arm.act(on: observation(arm.contract, side: 0)).chunk != bright)
    }

    @Test("name their robots where none, or another one, is asked for")
    func refusals() async throws {
        try run(TwoRobots.sources(in: folder.url), recipe("regression"), to: "policy")
        for name in [nil, "leg"] {
            let error = await #expect(throws: PolicyFolderError.self) {
                try await PolicyFolder.load(
                    from: folder.appending(path: "policy"),
                    embodiment: name,
                    device: .cpu
                )
            }
            #expect(
                error?.reason == "'embodiment' should be one of arm, hand, found \(name ?? "none")"
            )
        }
        var twice = try TwoRobots.sources(in: folder.url)
        twice[1].name = "arm"
        let same = #expect(throws: DemonstrationsError.self) {
            try run(twice, recipe("regression"), to: "twice")
        }
        #expect(
            same?.description.hasPrefix(
                "'arm' is the name of one robot, but \(folder.appending(path: "hand").path) and "
                    + "\(folder.appending(path: "arm").path) differ in action space: "
            ) == true
        )
        let blind = #expect(throws: DemonstrationsError.self) {
            try run(TwoRobots.sources(in: folder.url), recipe("regression", ["cameras=[side]"]), to: "blind")
        }
        #expect(blind?.description.contains("hand: has none of the policy's cameras side, only top") == true)
        let fitted = #expect(throws: DemonstrationsError.self) {
            try run(TwoRobots.sources(in: folder.url), recipe("binning"), to: "fitted")
        }
        #expect(fitted?.description.contains("'binning' takes one robot") == true)
    }

    @Test("predict codes of one model, as many latent positions as each robot has; resume to the bit")
    func codes() async throws {
        let sources = try withTokenizers(TwoRobots.sources(in: folder.url))
        let positions = sources.map { $0.tokenizer?.layout.latentPositionCount ?? 0 }
        #expect(positions[0] != positions[1])
        let whole = try run(sources, recipe("blocks"), to: "whole")
        #expect(throws: Killed.self) { try run(sources, recipe("blocks"), to: "killed", dyingAt: 5) }
        #expect(try run(sources, recipe("blocks"), to: "killed", resume: true) == whole)
        var reweighted = sources
        reweighted[0].weight = 1
        #expect(try run(reweighted, recipe("blocks"), to: "reweighted") != whole)
        let output = folder.appending(path: "whole")
        for (source, name) in zip(sources, ["arm", "hand"]) {
            let parts = try PolicyFolder.parts(of: output, embodiment: name, device: .cpu)
            // Statistics are the robot's own, and come back as they were.
            #expect(parts.actions.normalization == source.tokenizer?.normalization)
            let policy = try await PolicyFolder.load(from: output, embodiment: name, device: .cpu)
            let chunk = try await policy.act(on: observation(policy.contract)).chunk
            #expect(chunk.dimension == policy.contract.actionSpace.dimension)
            let statistics = parts.actions.normalization.statistics
            for (index, value) in chunk.values.enumerated() {
                let column = index % chunk.dimension
                #expect(value >= statistics.min[column] - 1e-4 && value <= statistics.max[column] + 1e-4)
            }
        }
        let measured = TrainingMetrics.lines(of: output.appending(path: "metrics.jsonl"))
        let last = try #require(measured.last { $0["validation_loss"] != nil })
        let (arm, hand) = (last["validation_loss_arm"] ?? 0, last["validation_loss_hand"] ?? 0)
        #expect(abs((arm + hand) / 2 - (last["validation_loss"] ?? 0)) < 1e-9 && arm != hand)
        // A policy that starts from it has the same robots and tokenizer.
        let start = try PolicyStart(output, device: .cpu)
        try run(sources, recipe("blocks", ["optimization.steps=1"]), to: "tuned", from: start)
        let others = try withTokenizers(TwoRobots.sources(in: folder.url, weights: [1, 5]))
        let error = #expect(throws: DemonstrationsError.self) {
            try run(others, recipe("blocks", ["optimization.steps=1"]), to: "other", from: start)
        }
        #expect(error?.description.components(separatedBy: "sha256:").count == 3)
    }

    @Test("of chunks of one duration give every robot its own number of steps")
    func seconds() async throws {
        let sources = try TwoRobots.sources(in: folder.url, seconds: 0.4)
        #expect(sources[0].demonstrations.transform == nil)
        #expect(
            sources[0].demonstrations.durationLine(horizon: 8) == "a chunk is 8 steps at 20 Hz, 0.4 s"
        )
        #expect(
            sources[1].demonstrations.durationLine(horizon: 8)
                == "a chunk is 0.4 s, 20 steps at 50 Hz resampled to 8: changes added up in columns 4, others interpolated"
        )
        try run(sources, recipe("regression"), to: "policy")
        let output = folder.appending(path: "policy")
        let arm = try await PolicyFolder.load(from: output, embodiment: "arm", device: .cpu)
        let hand = try await PolicyFolder.load(from: output, embodiment: "hand", device: .cpu)
        #expect(arm.contract.horizon == 8 && hand.contract.horizon == 20)
        let chunk = try await hand.act(on: observation(hand.contract)).chunk
        #expect(chunk.horizon == 20)
        // A change of one of 8 steps is spread over 2.5 of 20.
        let learned = try PolicyFolder.actionNormalizations(of: output)[1].statistics.max[4]
        #expect(chunk.values[4] <= learned / 2.5 + 1e-6)
        let recorded = try sources[1].demonstrations.chunks(horizon: 8, episodes: [0])
        let changes = (0 ..< 8).map { recorded.values[$0 * 5 + 4] }
        let expected = (0 ..< 20).reduce(Float(0)) { $0 + TwoRobots.squeeze(Float($1)) }
        #expect(abs(changes.reduce(0, +) - expected) < 1e-5)
    }
}
