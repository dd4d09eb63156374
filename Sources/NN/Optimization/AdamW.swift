public import Torch

/// Adam with decoupled weight decay, on libtorch's fused kernel (arXiv 1711.05101).
///
/// Matrices decay; vectors (biases, norms' scales) do not.
public final class AdamW {
    /// Hyperparameters of a training.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Peak learning rate.
        public var learningRate = 1e-4
        /// Decay of matrices per step, times the learning rate.
        public var weightDecay = 0.1
        /// Decay of the first moment, the mean gradient.
        public var beta1 = 0.9
        /// Decay of the second moment, the mean squared gradient.
        public var beta2 = 0.95
        /// Term added to the root of the second moment.
        public var epsilon = 1e-8

        /// The defaults.
        public init() {}
    }

    private struct Group {
        let parameters: [NamedTensor]
        /// Parameters that this optimizer updates, or its shards of them.
        let moved: [Tensor]
        let means: [Tensor]
        let squares: [Tensor]
        let steps: [Tensor]
        let decays: Bool
    }

    private static let fused = Operator("aten::_fused_adamw_")
    private static let addAll = Operator("aten::_foreach_add_", "Scalar")

    /// The part of every parameter that this optimizer moves; nil for all.
    public let shard: TensorShard?

    private let configuration: Configuration
    private let groups: [Group]

    /// Prepares to train `parameters`.
    ///
    /// - Parameters:
    ///   - parameters: Parameters.
    ///   - configuration: Hyperparameters.
    ///   - shard: The part of every parameter to move and keep moments of, where processes share the work (ZeRO stage 1, arXiv
    ///     1910.02054); nil for all.
    public init(_ parameters: [NamedTensor], configuration: Configuration, shard: TensorShard? = nil) {
        self.configuration = configuration
        self.shard = shard
        groups = [true, false].map { decays in
            let members = parameters.filter { ($0.tensor.rank >= 2) == decays }
            let moved = members.map { shard?.slice(of: $0.tensor) ?? $0.tensor }
            return Group(
                parameters: members,
                moved: moved,
                means: moved.map { $0.detached().zerosLike() },
                squares: moved.map { $0.detached().zerosLike() },
                steps: members.map { Tensor.zeros([], device: $0.tensor.device) },
                decays: decays
            )
        }
    }

    /// Moves every parameter that has a gradient, or this optimizer's shard of it; `factor` scales the learning rate.
    public func step(factor: Double) {
        withoutGradients {
            for group in groups {
                let present = group.parameters.indices.filter { group.parameters[$0].tensor.gradient != nil }
                guard !present.isEmpty else { continue }
                Self.addAll.results(.tensors(present.map { group.steps[$0] }), 1)
                // A process may have no part of a small tensor.
                let moved = present.filter { group.moved[$0].count > 0 }
                guard !moved.isEmpty else { continue }
                Self.fused.results(
                    .tensors(moved.map { group.moved[$0] }),
                    .tensors(moved.compactMap { gradient(of: group.parameters[$0].tensor) }),
                    .tensors(moved.map { group.means[$0] }),
                    .tensors(moved.map { group.squares[$0] }),
                    .tensors([]),
                    .tensors(moved.map { group.steps[$0] }),
                    .real(configuration.learningRate * factor),
                    .real(configuration.beta1),
                    .real(configuration.beta2),
                    .real(group.decays ? configuration.weightDecay : 0),
                    .real(configuration.epsilon),
                    false,
                    false
                )
            }
        }
    }

    private func gradient(of parameter: Tensor) -> Tensor? {
        guard let shard else { return parameter.gradient }
        return parameter.gradient.map { shard.slice(of: $0.contiguous()) }
    }

    /// Forgets the gradients of all parameters.
    public func forgetGradients() {
        for group in groups { for parameter in group.parameters { parameter.tensor.setGradient(nil) } }
    }

    /// Moments and step counts, for a training that resumes from a checkpoint; with a ``shard``, its moments.
    public var state: [NamedTensor] { entries.map(\.own) }

    /// ``state``, with the shapes that it has without a shard.
    public var entries: [ShardedTensor] {
        groups.flatMap { group in
            group.parameters.indices.flatMap { index in
                let (name, shape) = (group.parameters[index].name, group.parameters[index].tensor.shape)
                return [
                    ShardedTensor(
                        NamedTensor(name: "mean.\(name)", tensor: group.means[index]),
                        shape,
                        shard
                    ),
                    ShardedTensor(
                        NamedTensor(name: "square.\(name)", tensor: group.squares[index]),
                        shape,
                        shard
                    ),
                    ShardedTensor(NamedTensor(name: "step.\(name)", tensor: group.steps[index]), [], nil),
                ]
            }
        }
    }
}

/// Gradient clipping by the global norm.
public enum GradientClipping {
    private static let norms = Operator("aten::_foreach_norm", "Scalar")
    private static let multiply = Operator("aten::_foreach_mul_", "Tensor")

    /// Scales the gradients of `parameters` so that their global norm is at most `limit`.
    ///
    /// - Returns: The gradient norm before, a scalar tensor (reading it waits for the device).
    @discardableResult
    public static func clip(_ parameters: [NamedTensor], limit: Double) -> Tensor {
        withoutGradients {
            let gradients = parameters.compactMap(\.tensor.gradient)
            guard !gradients.isEmpty else { return .scalar(0) }
            let each = norms.results(.tensors(gradients), 2, capacity: gradients.count)
            let total = Tensor.stacked(each).norm()
            let factor = (limit / (total + 1e-6)).clamped(0 ... 1)
            multiply.results(.tensors(gradients), .tensor(factor))
            return total
        }
    }
}
