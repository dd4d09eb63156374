import FASTerVQ
import Foundation
import LearnedBaselines
import NN
import Quantizers
import RobotTypes
import TemporaryFolder
import Testing
import Torch

@testable import Training

@Suite("Resumed trainings", .serialized)
struct ResumeTests {
    struct Killed: Error {}

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var recipe: TokenizerRecipe {
        var recipe = TokenizerRecipe()
        recipe.steps = 40
        recipe.batchSize = 16
        recipe.quantizeAfter = 8
        recipe.quantizer.codebookSize = 16
        recipe.autoencoder.width = 32
        recipe.checkpointEvery = 7
        recipe.quantizerDropout = 0.5
        (recipe.vqBeT.width, recipe.vqBeT.latentWidth, recipe.vqBeT.quantizer.codebookSize) = (24, 8, 16)
        (recipe.vqVLA.widths, recipe.vqVLA.latentWidth, recipe.vqVLA.quantizer.codebookSize) = (
            [4, 8], 8, 16
        )
        (recipe.oat.width, recipe.oat.headCount, recipe.oat.decoderLayers) = (16, 2, 1)
        return recipe
    }

    private func chunks() -> ActionChunks {
        Torch.seed(1)
        return ActionChunks(
            count: 100,
            horizon: 8,
            dimension: 3,
            values: Tensor.randn([100, 8, 3]).tanh().floats
        )
    }

    /// The weights at the end; the run is killed at `kill` and resumed, where that is given.
    private func weights(_ name: String, kill: Int?, _ kind: TokenizerKind = .fasterVQ) throws -> [[UInt8]] {
        let place = folder.appending(path: name)
        let source = TokenizerSource(
            actionSpace: try ActionSpace(parsing: "position=0:2,gripper=2"),
            normalization: Normalization(method: .identity, statistics: .unit(3)),
            chunks: chunks()
        )
        let recipe = recipe
        let training = TokenizerTraining(recipe: recipe, sources: [source], seed: 5, device: .cpu)
        func run(killAt: Int?) -> TrainingRun {
            TrainingRun(
                folder: place,
                totalSteps: 40,
                recipe: "same",
                measureEvery: 1,
                checkpointEvery: 7,
                report: { _ in },
                beforeStep: { if $0 == killAt { throw Killed() } }
            )
        }
        func train(killAt: Int?) throws -> [NamedTensor] {
            let run = run(killAt: killAt)
            switch kind {
            case .fasterVQ: return try training.train(run: run, resume: true).network.tensors
            case .vqBeT:
                let trained: LearnedTokenizer<VQBeTNetwork> = try training.train(
                    recipe.vqBeT,
                    run: run,
                    resume: true
                )
                return trained.network.tensors
            case .vqVLA:
                let trained: LearnedTokenizer<VQVLANetwork> = try training.train(
                    recipe.vqVLA,
                    run: run,
                    resume: true
                )
                return trained.network.tensors
            case .oat:
                let trained: LearnedTokenizer<OATNetwork> = try training.train(
                    recipe.oat,
                    run: run,
                    resume: true
                )
                return trained.network.tensors
            }
        }
        if let kill {
            #expect(throws: Killed.self) { _ = try train(killAt: kill) }
        }
        let tensors = try train(killAt: nil)
        #expect(
            TrainingMetrics.lines(of: place.appending(path: "metrics.jsonl")).map { $0["step"] }
                == (0 ..< 40).map(Double.init)
        )
        return tensors.map(\.tensor.bytes)
    }

    @Test("end with the same weights, bit for bit, as those never interrupted", arguments: [3, 9, 30])
    func bitwise(kill: Int) throws {
        #expect(try weights("killed-\(kill)", kill: kill) == weights("whole-\(kill)", kill: nil))
    }

    @Test("do so for every kind of tokenizer", arguments: TokenizerKind.allCases, [3, 30])
    func kinds(kind: TokenizerKind, kill: Int) throws {
        let name = "\(kind.rawValue)-\(kill)"
        #expect(try weights("killed-\(name)", kill: kill, kind) == weights("whole-\(name)", kill: nil, kind))
    }

    @Test("refuse a checkpoint of other settings")
    func otherSettings() throws {
        _ = try? weights("other", kill: 10)
        let place = folder.appending(path: "refused")
        let weight = NamedTensor(name: "w", tensor: Tensor.ones([2, 2]).requiringGradient())
        func run(_ recipe: String, killAt: Int?) -> TrainingRun {
            TrainingRun(
                folder: place,
                totalSteps: 10,
                recipe: recipe,
                measureEvery: 1,
                checkpointEvery: 2,
                report: { _ in },
                beforeStep: { if $0 == killAt { throw Killed() } }
            )
        }
        let optimizer = AdamW([weight], configuration: .init())
        #expect(throws: Killed.self) {
            try run("first", killAt: 5).run([weight], optimizer: optimizer, resume: false) { _, _ in [:] }
        }
        #expect(throws: TrainingRunError.self) {
            try run("second", killAt: nil).run([weight], optimizer: optimizer, resume: true) { _, _ in [:] }
        }
    }
}

extension FeatureStatistics {
    /// Statistics of values within [-1, 1].
    static func unit(_ columns: Int) -> FeatureStatistics {
        let ones = [Float](repeating: 1, count: columns)
        let low = ones.map { -$0 }
        return FeatureStatistics(mean: ones, std: ones, q01: low, q99: ones, min: low, max: ones)
    }
}
