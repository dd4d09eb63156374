internal import Backbones
internal import Foundation
public import NN
internal import Torch

// Axes in this file
//   B  batch      T  horizon      D  columns of an action

/// Flow matching: noisy actions in, the direction from actions to noise out (as in pi-0, arXiv 2410.24164).
public struct FlowHead: Module {
    /// The architecture.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Control steps of a chunk.
        public var horizon: Int

        /// Columns of an action.
        public var dimension: Int

        /// Number of Euler steps from noise to actions.
        public var steps = 10

        /// Describes a head for chunks of `horizon` actions of `dimension` columns.
        public init(horizon: Int, dimension: Int) {
            self.horizon = horizon
            self.dimension = dimension
        }
    }

    /// The architecture.
    public let configuration: Configuration

    private let actions: Linear
    private let time: FeedForward
    private let output: Linear
    private let width: Int

    init(_ configuration: Configuration, width: Int, device: Device) {
        self.configuration = configuration
        self.width = width
        actions = Linear(configuration.dimension, width, device: device)
        time = FeedForward(width, hidden: width, device: device)
        output = Linear(width, configuration.dimension, gain: 0.1, device: device)
    }

    /// Direction from actions to noise at `noisy`, `[B, T, D]`, and `time`, `[B]`: 1 for noise, 0 for actions.
    ///
    /// The `cache` of the prefix gains the keys and values of the T slots.
    func direction(
        _ noisy: Tensor,
        time: Tensor,
        after prefix: Prefix,
        cache: inout KeyValueCache,
        _ decoder: any SuffixDecoder
    ) -> Tensor {
        let inputs = actions(noisy) + self.time(sinusoids(of: time)).unsqueezed(1)
        return output(decoder.decode(inputs, after: prefix, &cache))
    }

    /// Sinusoidal features of `time`, `[B]`, with periods from 0.004 to 4, as in pi-0: `[B, width]`.
    private func sinusoids(of time: Tensor) -> Tensor {
        let half = width / 2
        let frequencies = (0 ..< half).map { index in
            Float(2 * Double.pi / (4e-3 * pow(1000, Double(index) / Double(max(1, half - 1)))))
        }
        let angles = time.unsqueezed(1) * Tensor(frequencies, shape: [1, half], device: time.device)
        return Tensor.concatenated([angles.sin(), angles.cos()], axis: 1)
    }
}

extension FASTerVLANetwork {
    /// Mean squared error of the direction at a random time of every example.
    ///
    /// Times near noise are more frequent, where there is more to decide: Beta(1.5, 1) as in pi-0, by its inverse
    /// distribution function, u^(2/3).
    func loss(of targets: ActionTargets, _ head: FlowHead, after prefix: Prefix) -> PolicyLoss {
        let (actions, device) = (targets.actions, targets.actions.device)
        let time = Tensor.rand([actions.size(0)]).to(device).power(2.0 / 3) * 0.999 + 0.001
        let noise = Tensor.randn(actions.shape).to(device)
        let weight = time.reshaped(-1, 1, 1)
        let noisy = noise * weight + actions * (1 - weight)
        var cache = KeyValueCache(prefix)
        let found = head.direction(noisy, time: time, after: prefix, cache: &cache, suffixDecoder)
        return PolicyLoss(total: targets.mean(of: (found.to(.float32) - (noise - actions)).squared()))
    }
}

/// Actions from noise, by Euler's method along the learned direction.
struct FlowDecoder {
    private let head: FlowHead
    private let decoder: any SuffixDecoder

    init(_ head: FlowHead, _ backend: InferenceBackend) {
        self.head = head
        decoder = backend.suffixDecoder
    }

    /// Normalised actions after `prefix`, `[B, T, D]`, and the latency of every step.
    func actions(after prefix: Prefix) -> (actions: Tensor, stepTimes: [Duration]) {
        let configuration = head.configuration
        let (batch, device) = (prefix.batch, prefix.device)
        var actions = Tensor.randn([batch, configuration.horizon, configuration.dimension]).to(device)
        var cache = KeyValueCache(prefix, roomFor: configuration.horizon)
        var times = ForwardTimes(device, waits: false)
        for step in 0 ..< configuration.steps {
            let now = 1 - Double(step) / Double(configuration.steps)
            let time = Tensor.full([batch], now, device: device)
            let direction = head.direction(actions, time: time, after: prefix, cache: &cache, decoder)
            cache.forget(configuration.horizon)
            actions = actions - direction.to(.float32) * (1 / Double(configuration.steps))
            _ = times.lap()
        }
        return (actions, times.all)
    }
}

extension SuffixDecoder {
    /// Features of slots that all see each other and the prefix, at consecutive positions.
    func decode(_ inputs: Tensor, after prefix: Prefix, _ cache: inout KeyValueCache) -> Tensor {
        let count = inputs.size(1)
        let offsets = Tensor.arange(0 ..< count, dtype: .float32, device: inputs.device).unsqueezed(0)
        return decode(
            inputs,
            positions: offsets + prefix.nextPosition.to(.float32).unsqueezed(1),
            cache: &cache,
            mask: prefix.extendedMask(by: count)
        )
    }
}
