internal import ActionTokenizers
internal import Backbones
internal import NN
public import Torch

@testable internal import FASTerVLA

extension DeviceCase {
    static let heads: [DeviceCase] = [
        blocks("head of blocks, with soft labels") { _ in },
        blocks("head of blocks, sampled") { $0.sampling = Sampling() },
        blocks("head of blocks, token by token") {
            $0.schedule = BlockSchedule(codebookCount: 3, latentPositionCount: 5, blockSize: 1)
        },
        blocks("head of blocks, mask-predict") { $0.supportsMaskPredict = true },
        blocks("head of blocks, geometry of codewords") { $0.codewordWidth = 2 },
        blocks("head of blocks, committed prefix") { $0.committedSteps = 3 },
        // One read after every block: the end of a chunk.
        blocks("head of blocks, early end", reads: 3) { $0.earlyEnd = EarlyEnd(tolerance: 0.1) },
        blocks("head of tokens of variable length", reads: 15) {
            $0.isVariableLength = true
            $0.schedule = BlockSchedule(codebookCount: 1, latentPositionCount: 15, blockSize: 1)
        },
        DeviceCase("head of flow matching") { device in
            let network = network(.flow(.init(horizon: 6, dimension: 2)), device)
            return SmallHead.results(of: network, SmallCompact.input(device), device)
        },
        DeviceCase("head of regression") { device in
            let network = network(.regression(.init(horizon: 6, dimension: 2)), device)
            return SmallHead.results(of: network, SmallCompact.input(device), device)
        },
    ]

    private static func blocks(
        _ name: String,
        reads: Int = 0,
        _ change: @escaping @Sendable (inout BlockHead.Configuration) -> Void
    ) -> DeviceCase {
        DeviceCase(name, reads: reads) { device in
            var head = SmallHead.blocks
            change(&head)
            return SmallHead.results(of: network(.blocks(head), device), SmallCompact.input(device), device)
        }
    }

    private static func network(_ head: ActionHead.Configuration, _ device: Device) -> FASTerVLANetwork {
        FASTerVLANetwork(backbone: SmallCompact.backbone(device), expert: .init(), head: head, device: device)
    }

    /// Steps of the optimizer with clipped gradients and averaged weights.
    static let trainings: [DeviceCase] = [
        DeviceCase("training steps", tolerance: 1e-2) { device in
            let network = network(.regression(.init(horizon: 6, dimension: 2)), device)
            let optimizer = AdamW(network.parameters, configuration: .init())
            let average = WeightAverage(network.parameters, decay: 0.9)
            for step in 0 ..< 3 {
                network.loss(SmallCompact.input(device), targets: SmallHead.targets(device)).total.backward()
                GradientClipping.clip(network.parameters, limit: 0.1)
                optimizer.step(factor: 1)
                optimizer.forgetGradients()
                average.update(step: step)
            }
            return network.parameters.map { NamedTensor(name: $0.name, tensor: $0.tensor.detached()) }
                + average.state.map(\.own)
        }
    ]
}

/// A policy in tiny form that decodes greedily, on one prefix.
public struct SmallNetwork {
    private let decoder: BlockDecoder
    private let prefix: Prefix

    /// Creates the policy with random weights.
    public init(on device: Device) {
        let network = FASTerVLANetwork(
            backbone: SmallCompact.backbone(device),
            expert: .init(),
            head: .blocks(SmallHead.blocks),
            device: device
        )
        guard let head = network.blockHead else { preconditionFailure("a head of blocks") }
        decoder = BlockDecoder(head, InferenceBackend(network), sampling: .greedy)
        prefix = withoutGradients { network.backbone.prefix(of: SmallCompact.input(device)) }
    }

    /// Codes of a chunk.
    public func decode() -> Tensor { withoutGradients { decoder.codes(after: prefix) } }
}

/// Heads in tiny form: 3 codebooks of 5 latent positions, chunks of 6 steps of 2 columns.
enum SmallHead {
    static var blocks: BlockHead.Configuration {
        .init(
            schedule: BlockSchedule(codebookCount: 3, latentPositionCount: 5),
            codebookSize: 16,
            dimension: 2
        )
    }

    private static let codewords = Codewords(
        codebookCount: 3,
        latentPositionCount: 5,
        codebookSize: 16,
        width: 2,
        values: (0 ..< 3 * 5 * 16 * 2).map { Float($0 * $0 % 97) }
    )

    /// Random targets of two examples.
    static func targets(_ device: Device) -> ActionTargets {
        ActionTargets(
            actions: .randn([2, 6, 2], device: device),
            isValid: .ones([2, 6], dtype: .bool, device: device),
            codes: .randint(0 ..< 16, [2, 15], device: device),
            requiredCodebooks: Tensor([1, 3], device: device)
        )
    }

    /// The loss with its gradients, and what is decoded.
    static func results(
        of network: FASTerVLANetwork,
        _ input: PrefixInput,
        decodes: Bool = true,
        _ device: Device
    ) -> [NamedTensor] {
        var settings = LossSettings()
        if let head = network.blockHead, head.configuration.schedule.codebookCount == 3 {
            settings.softLabels = SoftLabels(codewords, temperature: 1, device: device)
            head.set(codewords)
        }
        let loss = network.loss(input, targets: targets(device), settings: settings)
        let gradients = network.gradients(of: loss.total)
        guard decodes else { return gradients }
        return withoutGradients {
            gradients + [
                NamedTensor(name: "decoded", tensor: decoded(network, network.backbone.prefix(of: input)))
            ]
        }
    }

    private static func decoded(_ network: FASTerVLANetwork, _ prefix: Prefix) -> Tensor {
        let backend = InferenceBackend(network)
        switch network.head {
        case .blocks(let head):
            let decoder = BlockDecoder(
                head,
                backend,
                maskPredictBlocks: head.configuration.supportsMaskPredict ? 2 : 0,
                // Asked for, and never so.
                endThreshold: 1,
                sampling: head.configuration.sampling
            )
            return decoder.codes(after: prefix)
        case .flow(let head): return FlowDecoder(head, backend).actions(after: prefix).actions
        case .regression(let head):
            var cache = KeyValueCache(prefix, roomFor: head.configuration.horizon)
            return head.actions(after: prefix, cache: &cache, backend.suffixDecoder)
        }
    }
}
