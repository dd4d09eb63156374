internal import ActionTokenizers
internal import LearnedBaselines
internal import NN
internal import RobotTypes
internal import Torch
internal import VectorQuantization

@testable internal import FASTerVQ

extension DeviceCase {
    static let tokenizers: [DeviceCase] = [
        // Residuals that a stage is fitted to are counted by the host, once for each of five.
        DeviceCase("tokenizer FASTerVQ", reads: 5, fasterVQ),
        DeviceCase("linear encoder", linear),
        DeviceCase("tokenizer VQ-BeT") { device in
            var small = VQBeTNetwork.Configuration()
            (small.width, small.latentWidth) = (24, 8)
            (small.quantizer.codebookCount, small.quantizer.codebookSize) = (3, 16)
            return try baseline(VQBeTNetwork.self, small, device)
        },
        DeviceCase("tokenizer VQ-VLA") { device in
            var small = VQVLANetwork.Configuration()
            (small.widths, small.latentWidth) = ([4, 8], 8)
            (small.quantizer.codebookCount, small.quantizer.codebookSize) = (2, 16)
            return try baseline(VQVLANetwork.self, small, device)
        },
        DeviceCase("tokenizer OAT") { device in
            var small = OATNetwork.Configuration()
            (small.registerCount, small.levels) = (4, [4, 3, 3])
            (small.width, small.headCount, small.encoderLayers, small.decoderLayers) = (16, 2, 1, 1)
            return try baseline(OATNetwork.self, small, device)
        },
    ]

    /// Codebooks by k-means, a step, and codes there and back.
    private static func baseline<Network: ChunkAutoencoder>(
        _: Network.Type,
        _ configuration: Network.Configuration,
        _ device: Device
    ) throws -> [NamedTensor] {
        let network = Network(configuration, horizon: 10, dimension: 3, device: device)
        let chunks = Tensor.randn([64, 10, 3], device: device)
        network.initializeCodebooks(from: chunks)
        let loss = network.loss(
            chunks,
            stepMask: .ones([64, 10], device: device),
            quantizing: true,
            commitment: 0.25
        )
        let gradients = network.gradients(of: loss.total)
        return withoutGradients {
            let codes = network.codes(for: chunks)
            return gradients + [
                NamedTensor(name: "codes", tensor: codes),
                NamedTensor(name: "actions", tensor: network.actions(for: codes)),
            ]
        }
    }

    /// A step with quantizer dropout, action-space stages, and codes there and back.
    @Sendable private static func fasterVQ(_ device: Device) throws -> [NamedTensor] {
        let space = try ActionSpace(parsing: "position=0:3,rotation=3:6,gripper=6")
        var configuration = FASTerVQConfiguration(patches: PatchShape.fitting(space, horizon: 20))
        (configuration.quantizer.codebookSize, configuration.autoencoder.width) = (16, 32)
        let model = FASTerVQModel(configuration, device: device)
        let robot = Embodiment(
            patchifier: try model.makePatchifier(space, horizon: 20),
            normalization: .unit(7),
            device: device
        )
        let chunks = Tensor.randn([48, 20, 7], device: device).tanh()
        let batch = ActionBatch(
            embodiment: robot,
            actions: chunks,
            stepMask: .ones([48, 20], device: device)
        )
        model.initializeCodebooks(from: [batch])
        let active = Tensor((0 ..< 48).map { 1 + $0 % 3 }, device: device)
        let loss = model.loss(
            [batch],
            activeQuantizers: active,
            quantizing: true,
            weights: TokenizerLossWeights()
        )
        let gradients = model.gradients(of: loss.total)
        model.fitActionSpaceStages(to: [batch])
        return withoutGradients {
            let codes = model.encode(chunks, of: robot)
            return gradients + [
                NamedTensor(name: "codes", tensor: codes),
                NamedTensor(name: "actions", tensor: model.decode(codes, of: robot)),
            ]
        }
    }

    /// Codes there and back, of a model that is fitted on the CPU.
    @Sendable private static func linear(_ device: Device) throws -> [NamedTensor] {
        let space = try ActionSpace(parsing: "position=0:3,gripper=3")
        let actions = Tensor.randn([96, 8, 4]).cumulativeSum(1).tanh()
        var settings = LinearFASTerVQ.Fitting()
        (settings.codebookSize, settings.latentPositions) = (16, 2)
        let chunks = ActionChunks(count: 96, horizon: 8, dimension: 4, values: actions.floats)
        let fitted = LinearFASTerVQ(fitting: chunks, space, .unit(4), settings, device: .cpu)
        let model = LinearFASTerVQ(fitted.configuration, valueCount: 32, device: device)
        withoutGradients {
            for (own, other) in zip(model.tensors, fitted.tensors) { own.tensor.copyInPlace(other.tensor) }
        }
        let codes = model.encode(actions.to(device))
        return [
            NamedTensor(name: "codes", tensor: codes),
            NamedTensor(name: "actions", tensor: model.decode(codes, horizon: 8)),
        ]
    }
}

extension Normalization {
    /// Leaves actions from -1 to 1 as they are.
    fileprivate static func unit(_ columns: Int) -> Normalization {
        let ones = [Float](repeating: 1, count: columns)
        let low = ones.map { -$0 }
        return Normalization(
            method: .identity,
            statistics: FeatureStatistics(mean: ones, std: ones, q01: low, q99: ones, min: low, max: ones)
        )
    }
}
