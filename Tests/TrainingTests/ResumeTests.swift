import FASTerVQ
import Foundation
import LearnedBaselines
import NN
import RobotTypes
import Support
import TemporaryFolder
import Testing
import Torch
import VectorQuantization

@testable import Training

@Suite("Resumed trainings", .serialized)
struct ResumeTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var recipe: TokenizerRecipe {
        var recipe = TokenizerRecipe()
        recipe.optimization.steps = 40
        recipe.optimization.batchSize = 16
        recipe.optimization.checkpointEvery = 7
        recipe.optimization.logEvery = 1
        recipe.quantizeAfter = 8
        (recipe.validation.every, recipe.validation.patience) = (3, 0)
        recipe.quantizer.codebookSize = 16
        recipe.autoencoder.width = 32
        recipe.quantizerDropout = 0.5
        (recipe.vqBeT.width, recipe.vqBeT.latentWidth, recipe.vqBeT.quantizer.codebookSize) = (24, 8, 16)
        (recipe.vqVLA.widths, recipe.vqVLA.latentWidth, recipe.vqVLA.quantizer.codebookSize) = (
            [4, 8], 8, 16
        )
        (recipe.oat.width, recipe.oat.headCount, recipe.oat.decoderLayers) = (16, 2, 1)
        return recipe
    }

    private func source() throws -> TokenizerSource {
        Torch.seed(1)
        func chunks(_ count: Int) -> ActionChunks {
            let values = Tensor.randn([count, 8, 3]).tanh().floats
            return ActionChunks(count: count, horizon: 8, dimension: 3, values: values)
        }
        return TokenizerSource(
            actionSpace: try ActionSpace(parsing: "position=0:2,gripper=2"),
            normalization: Normalization(method: .identity, statistics: .unit(3)),
            chunks: chunks(100),
            heldOut: chunks(20)
        )
    }

    /// The weights at the end; the training is killed after step `kill` and resumed, where that is given.
    private func weights(_ name: String, kill: Int?, _ kind: TokenizerKind = .fasterVQ) throws -> [[UInt8]] {
        let output = folder.appending(path: name)
        func train(_ task: some TrainingTask, _ killAfter: Int?) throws -> [NamedTensor] {
            let trainer = Trainer(recipe.optimization, in: output, identity: "same", device: .cpu) {
                if $0.step - 1 == killAfter { throw Killed() }
            }
            try trainer.train(task, resume: true)
            return task.state
        }
        func train(killAfter: Int?) throws -> [NamedTensor] {
            let (recipe, source) = (recipe, try source())
            func baseline<Network: ChunkAutoencoder>(_ configuration: Network.Configuration) -> BaselineTask<
                Network
            > {
                BaselineTask(configuration, recipe, source, seed: 5, device: .cpu)
            }
            return switch kind {
            case .fasterVQ: try train(FASTerVQTask(recipe, [source], seed: 5, device: .cpu), killAfter)
            case .vqBeT: try train(baseline(recipe.vqBeT) as BaselineTask<VQBeTNetwork>, killAfter)
            case .vqVLA: try train(baseline(recipe.vqVLA) as BaselineTask<VQVLANetwork>, killAfter)
            case .oat: try train(baseline(recipe.oat) as BaselineTask<OATNetwork>, killAfter)
            }
        }
        if let kill {
            #expect(throws: Killed.self) { _ = try train(killAfter: kill) }
        }
        let tensors = try train(killAfter: nil)
        #expect(
            TrainingMetrics.lines(of: output.appending(path: "metrics.jsonl")).map { $0["step"] }
                == (0 ..< 40).map(Double.init)
        )
        return tensors.map(\.tensor.bytes)
    }

    @Test("end with the same weights, bit for bit, as those never interrupted", arguments: [2, 8, 29])
    func bitwise(kill: Int) throws {
        #expect(try weights("killed-\(kill)", kill: kill) == weights("whole-\(kill)", kill: nil))
    }

    @Test("do so for every kind of tokenizer", arguments: TokenizerKind.allCases, [2, 29])
    func kinds(kind: TokenizerKind, kill: Int) throws {
        let name = "\(kind.rawValue)-\(kill)"
        #expect(try weights("killed-\(name)", kill: kill, kind) == weights("whole-\(name)", kill: nil, kind))
    }

    @Test("refuse a checkpoint of other settings")
    func otherSettings() throws {
        let output = folder.appending(path: "refused")
        let task = SmallTask()
        #expect(throws: Killed.self) {
            try task.train(steps: 10, in: output, identity: "first", killAfter: 4)
        }
        #expect(throws: TrainingError.self) {
            try task.train(steps: 10, in: output, identity: "second", killAfter: nil)
        }
    }

    @Test("name the settings that differ, whole lists among them")
    func differences() throws {
        let output = folder.appending(path: "refused")
        func train(_ identity: String, killAfter kill: Int?) throws {
            try SmallTask().train(steps: 10, in: output, identity: identity, killAfter: kill)
        }
        #expect(throws: Killed.self) {
            try train(#"{"steps":3,"widths":[4,8]} seed 5, data a, threads 1"#, killAfter: 4)
        }
        let error = #expect(throws: TrainingError.self) {
            try train(#"{"steps":3,"widths":[4,9]} seed 6, data a, threads 1"#, killAfter: nil)
        }
        #expect(
            error?.description.hasSuffix("(then: widths:[4,8], seed 5; now: widths:[4,9], seed 6)") == true,
            "\(error?.description ?? "")"
        )
    }

    @Test("say how to go on where the checkpoint is damaged")
    func damaged() throws {
        let output = folder.appending(path: "damaged")
        #expect(throws: Killed.self) { try SmallTask().train(steps: 10, in: output, killAfter: 4) }
        try folder.change("damaged/checkpoint.safetensors") { $0.prefix($0.count / 2) }
        let error = #expect(throws: TrainingError.self) { try SmallTask().train(steps: 10, in: output) }
        #expect(
            error?.description.hasSuffix("; the checkpoint is damaged: start anew without --resume") == true
        )
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
