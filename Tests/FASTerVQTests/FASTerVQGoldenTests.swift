import Foundation
import GoldenTensors
import NN
import RobotTypes
import Testing
import Torch
import VectorQuantization

@testable import FASTerVQ

/// Golden/make_network_golden.py says how the numbers came about.
@Suite("FASTerVQ's network, against PyTorch")
struct FASTerVQGoldenTests {
    private let golden: GoldenTensors
    private let model: FASTerVQModel
    private let batch: [ActionBatch]

    init() throws {
        golden = try GoldenTensors("network", in: .module)
        var configuration = FASTerVQConfiguration(
            patches: [
                "position": PatchShape(steps: 2, columns: 2, maxPatches: 3, maxGroups: 2),
                "gripper": PatchShape(steps: 4, columns: 1, maxPatches: 2, maxGroups: 1),
            ]
        )
        configuration.autoencoder.width = 8
        (configuration.autoencoder.encoderLayers, configuration.autoencoder.decoderLayers) = (1, 1)
        (configuration.autoencoder.headCount, configuration.autoencoder.latentWidth) = (2, 5)
        (configuration.autoencoder.stepWidth, configuration.autoencoder.kernel) = (3, 3)
        (configuration.quantizer.codebookCount, configuration.quantizer.codebookSize) = (2, 6)
        configuration.actionSpaceQuantizer.codebookCount = 0
        // No entry counts as dead, because a reset is random.
        (configuration.quantizer.decay, configuration.quantizer.deadCodeThreshold) = (0.9, 0)
        model = FASTerVQModel(configuration, device: .cpu)
        try golden.fill(
            model.tensors.filter { !$0.name.hasPrefix("actionSpaceQuantizer.") },
            from: "tensors."
        )
        batch = try [
            Self.chunks(golden, model, robot: 0, "position=0:3,gripper=3", valid: [5, 3, 1]),
            Self.chunks(golden, model, robot: 1, "position=0:1", valid: [3, 2]),
        ]
    }

    private static func chunks(
        _ golden: GoldenTensors,
        _ model: FASTerVQModel,
        robot: Int,
        _ groups: String,
        valid: [Int]
    ) throws -> ActionBatch {
        let actions = try golden.tensor("\(robot).actions")
        let (count, horizon) = (actions.size(0), actions.size(1))
        let none = [Float](repeating: 0, count: actions.size(2))
        let statistics = FeatureStatistics(
            mean: none,
            std: none,
            q01: none,
            q99: none,
            min: try golden.tensor("\(robot).lowest").floats,
            max: try golden.tensor("\(robot).largest").floats
        )
        let embodiment = Embodiment(
            patchifier: try model.makePatchifier(try ActionSpace(parsing: groups), horizon: horizon),
            normalization: Normalization(method: .identity, statistics: statistics),
            device: .cpu
        )
        let steps = valid.flatMap { valid in (0 ..< horizon).map { Float($0 < valid ? 1 : 0) } }
        return ActionBatch(
            embodiment: embodiment,
            actions: actions,
            stepMask: Tensor(steps, shape: [count, horizon])
        )
    }

    private var layout: LatentBatch { model.latentBatch(batch.map { ($0.embodiment, $0.count) }) }

    private func patches(_ chunks: ActionBatch) -> [Tensor] {
        chunks.embodiment.patchifier.autoencoded.patchify(chunks.actions)
    }

    @Test("gives each robot's chunks the same latents and codes to 1e-5")
    func encoding() throws {
        for (robot, chunks) in batch.enumerated() {
            let layout = model.latentBatch([(chunks.embodiment, chunks.count)])
            let latents = model.autoencoder.encode([patches(chunks)], in: layout)
            #expect(try golden.difference(of: latents, to: "\(robot).latents") == nil)
            let codes = model.encode(chunks.actions, of: chunks.embodiment)
            #expect(codes.integers == (try golden.tensor("\(robot).codes")).integers)
        }
    }

    @Test("gives two robots in one batch the same reconstructions to 1e-5, though they pad one another")
    func sharedBatch() throws {
        let latents = model.autoencoder.encode(batch.map(patches), in: layout)
        let active = Tensor([2, 1, 2, 1, 2]).unsqueezed(1).expanded([5, latents.size(1)])
        let (quantized, _) = model.quantizer.train(
            layout.byType(latents),
            weights: layout.byType(Tensor.ones([latents.size(0), latents.size(1)])),
            activeQuantizers: layout.byType(active)
        )
        let decoded = model.autoencoder.decode(layout.fromTypes(quantized), in: layout)
        for (robot, chunks) in batch.enumerated() {
            let actions = chunks.embodiment.patchifier.autoencoded.unpatchify(decoded[robot])
            #expect(try golden.difference(of: actions, to: "\(robot).reconstructions") == nil)
        }
    }

    @Test("gives the same loss, the same gradient of every parameter and the same moved entries to 1e-5")
    func training() throws {
        var weights = TokenizerLossWeights()
        (weights.dctL1, weights.commitment) = (1, 0.25)
        let loss = model.loss(
            batch,
            activeQuantizers: Tensor([2, 1, 2, 1, 2]),
            quantizing: true,
            weights: weights
        )
        loss.total.backward()
        let terms = [
            NamedTensor(name: "l1", tensor: loss.l1), NamedTensor(name: "dctL1", tensor: loss.dctL1),
            NamedTensor(name: "commitment", tensor: loss.commitment),
            NamedTensor(name: "total", tensor: loss.total),
        ]
        #expect(try golden.differences(of: terms, to: "loss.") == [])
        #expect(try golden.differences(ofGradients: model.parameters, to: "gradients.") == [])
        let moved = model.tensors.filter { $0.name.hasPrefix("quantizer.") }
        #expect(try golden.differences(of: moved, to: "after.") == [])
    }
}
