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
        let means: [Tensor]
        let squares: [Tensor]
        let steps: [Tensor]
        let decays: Bool
    }

    private static let fused = Operator("aten::_fused_adamw_")
    private static let addAll = Operator("aten::_foreach_add_", "Scalar")

    private let configuration: Configuration
    private let groups: [Group]

    /// Prepares to train `parameters`.
    public init(_ parameters: [NamedTensor], configuration: Configuration) {
        self.configuration = configuration
        groups = [true, false].map { decays in
            let members = parameters.filter { ($0.tensor.rank >= 2) == decays }
            return Group(
                parameters: members,
                means: members.map { $0.tensor.detached().zerosLike() },
                squares: members.map { $0.tensor.detached().zerosLike() },
                steps: members.map { Tensor.zeros([], device: $0.tensor.device) },
                decays: decays
            )
        }
    }

    /// Moves every parameter that has a gradient; `factor` scales the learning rate.
    public func step(factor: Double) {
        withoutGradients {
            for group in groups {
                let present = group.parameters.indices.filter { group.parameters[$0].tensor.gradient != nil }
                guard !present.isEmpty else { continue }
                let steps = present.map { group.steps[$0] }
                Self.addAll.results(.tensors(steps), 1)
                Self.fused.results(
                    .tensors(present.map { group.parameters[$0].tensor }),
                    .tensors(present.compactMap { group.parameters[$0].tensor.gradient }),
                    .tensors(present.map { group.means[$0] }),
                    .tensors(present.map { group.squares[$0] }),
                    .tensors([]),
                    .tensors(steps),
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

    /// Forgets the gradients of all parameters.
    public func forgetGradients() {
        for group in groups { for parameter in group.parameters { parameter.tensor.setGradient(nil) } }
    }

    /// Moments and step counts, for a training that resumes from a checkpoint.
    public var state: [NamedTensor] {
        groups.flatMap { group in
            group.parameters.indices.flatMap { index in
                let name = group.parameters[index].name
                return [
                    NamedTensor(name: "mean.\(name)", tensor: group.means[index]),
                    NamedTensor(name: "square.\(name)", tensor: group.squares[index]),
                    NamedTensor(name: "step.\(name)", tensor: group.steps[index]),
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
