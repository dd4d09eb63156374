public import Torch

/// Elementwise non-linearity of a feed-forward network.
public enum Activation: String, Codable, Sendable {
    /// Gaussian error linear unit.
    case gelu

    /// Its tanh approximation, as in Gemma and SigLIP.
    case geluTanh = "gelu-tanh"

    /// Sigmoid linear unit, as in Llama and Qwen.
    case silu

    /// `x`, activated element by element.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        switch self {
        case .gelu: x.gelu()
        case .geluTanh: x.geluTanh()
        case .silu: x.silu()
        }
    }
}

/// The network of a transformer block between two linear layers: `[..., width]` to the same.
///
/// A gated one multiplies two maps of its input, one of them activated (GLU variants, arXiv 2002.05202).
public struct FeedForward: Module {
    /// The architecture.
    public struct Configuration: Equatable, Sendable {
        /// Channels between the layers.
        public var hidden: Int

        /// Non-linearity, of the gate where there is one.
        public var activation: Activation

        /// True for a network with a gate.
        public var isGated: Bool

        /// True for layers with biases.
        public var hasBias: Bool

        /// Describes a network.
        public init(hidden: Int, activation: Activation, isGated: Bool, hasBias: Bool) {
            (self.hidden, self.activation) = (hidden, activation)
            (self.isGated, self.hasBias) = (isGated, hasBias)
        }
    }

    /// `[width]` to `[hidden]`, activated; nil for a network without a gate.
    public let gate: Linear?

    /// `[width]` to `[hidden]`, activated where there is no gate.
    public let up: Linear

    /// `[hidden]` to `[width]`.
    public let down: Linear

    /// Non-linearity.
    public let activation: Activation

    /// Creates the layers; `gain` scales the last one's initial weights.
    public init(_ width: Int, _ configuration: Configuration, gain: Double = 1, device: Device = .cpu) {
        let (hidden, bias) = (configuration.hidden, configuration.hasBias)
        gate = configuration.isGated ? Linear(width, hidden, bias: bias, device: device) : nil
        up = Linear(width, hidden, bias: bias, device: device)
        down = Linear(hidden, width, bias: bias, gain: gain, device: device)
        activation = configuration.activation
    }

    /// Creates a network without a gate, with GELU and biases.
    public init(_ width: Int, hidden: Int, gain: Double = 1, device: Device = .cpu) {
        let plain = Configuration(hidden: hidden, activation: .gelu, isGated: false, hasBias: true)
        self.init(width, plain, gain: gain, device: device)
    }

    /// `x`, `[..., width]`, mapped to the same shape.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        guard let gate else { return down(activation(up(x))) }
        return down(activation(gate(x)) * up(x))
    }
}
