import Foundation
import GoldenTensors
import NN
import Quantizers
import RobotTypes
import Testing
import Torch

@testable import FASTerVQ

/// Golden/make_network_golden.py says how the numbers came about.
@Suite("FASTerVQ's network, against PyTorch")
struct NetworkGoldenTests {
    private let golden: GoldenTensors
    private let network: FASTerVQNetwork
    private let batch: [TrainingChunks]

    init() throws {
        golden = try GoldenTensors("network", in: .module)
        var configuration = FASTerVQConfiguration(
            patches: [
                "position": PatchShape(steps: 2, columns: 2, pieces: 3, members: 2),
                "gripper": PatchShape(steps: 4, columns: 1, pieces: 2, members: 1),
            ]
        )
        configuration.autoencoder.width = 8
        (configuration.autoencoder.encoderLayers, configuration.autoencoder.decoderLayers) = (1, 1)
        (configuration.autoencoder.headCount, configuration.autoencoder.latentWidth) = (2, 5)
        (configuration.autoencoder.stepWidth, configuration.autoencoder.kernel) = (3, 3)
        (configuration.quantizer.codebookCount, configuration.quantizer.codebookSize) = (2, 6)
        configuration.refinement.codebookCount = 0
        // Nothing counts as dead, because what revives an entry is random.
        (configuration.quantizer.decay, configuration.quantizer.deadShare) = (0.9, 0)
        let model = FASTerVQModel(configuration, device: .cpu)
        network = model.network
        try golden.fill(network.tensors.filter { !$0.name.hasPrefix("refinement.") }, from: "tensors.")
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
    ) throws -> TrainingChunks {
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
        let places = embodiment.patchifier.validLearnedPlaces(valid).map { Float($0 ? 1 : 0) }
        return TrainingChunks(
            embodiment: embodiment,
            actions: actions,
            stepMask: Tensor(steps, shape: [count, horizon]),
            placeMask: Tensor(places, shape: [count, embodiment.patchifier.learnedPlaceCount])
        )
    }

    @Test("gives each robot's chunks the same latents and codes to 1e-5")
    func encoding() throws {
        for (robot, chunks) in batch.enumerated() {
            let grid = chunks.embodiment.grid(chunks.actions.size(0))
            let latents = network.autoencoder.latents([chunks.actions], grid: grid)
            #expect(try golden.difference(of: latents, to: "\(robot).latents") == nil)
            let codes = ChunkCodec(network, chunks.embodiment).codes(for: chunks.actions)
            #expect(codes.integers == (try golden.tensor("\(robot).codes")).integers)
        }
    }

    @Test(
        "gives two robots in one batch the same reconstructions to 1e-5, though they fill up one another's grid"
    )
    func sharedBatch() throws {
        let grid = PlaceGrid(batch.map(\.embodiment.patchifier), rows: [3, 2], device: .cpu)
        let latents = network.autoencoder.latents(batch.map(\.actions), grid: grid)
        let (quantized, _) = network.codebooks.train(
            latents,
            grid: grid,
            weights: Tensor.ones([latents.size(0), latents.size(1)]),
            depths: Tensor([2, 1, 2, 1, 2])
        )
        let free = network.autoencoder.actions(quantized, grid: grid)
        for robot in batch.indices {
            #expect(try golden.difference(of: free[robot], to: "\(robot).reconstructions") == nil)
        }
    }

    @Test("gives the same loss, the same gradient of every parameter and the same moved entries to 1e-5")
    func training() throws {
        var weights = TokenizerLossWeights()
        (weights.frequency, weights.commitment) = (1, 0.25)
        let loss = network.loss(batch, depths: Tensor([2, 1, 2, 1, 2]), quantizing: true, weights: weights)
        loss.total.backward()
        let parts = [
            NamedTensor(name: "l1", tensor: loss.l1), NamedTensor(name: "frequency", tensor: loss.frequency),
            NamedTensor(name: "commitment", tensor: loss.commitment),
            NamedTensor(name: "total", tensor: loss.total),
        ]
        #expect(try golden.differences(of: parts, to: "loss.") == [])
        #expect(try golden.differences(ofGradients: network.parameters, to: "gradients.") == [])
        let moved = network.tensors.filter { $0.name.hasPrefix("codebooks.") }
        #expect(try golden.differences(of: moved, to: "after.") == [])
    }
}
