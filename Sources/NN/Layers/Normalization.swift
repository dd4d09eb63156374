public import Torch

/// Zero mean and unit variance over the last axis, with a trained scale and shift.
public struct LayerNorm: Module {
    /// `[width]`.
    @Parameter public var weight: Tensor

    /// `[width]`, or nil.
    @Parameter public var bias: Tensor?

    /// Added to the variance; a large value keeps idle channels idle.
    public let epsilon: Double

    /// Scale one, shift zero.
    public init(_ width: Int, bias: Bool = true, epsilon: Double = 1e-5, device: Device = .cpu) {
        _weight = Parameter(wrappedValue: .ones([width], device: device))
        let shift = bias ? Tensor.zeros([width], device: device).requiringGradient() : nil
        _bias = Parameter(wrappedValue: shift)
        self.epsilon = epsilon
    }

    /// `x`, `[..., width]`, normalized.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.layerNorm(weight: weight, bias: bias, epsilon: epsilon)
    }
}

/// Unit root mean square over the last axis, with a trained scale.
public struct RMSNorm: Module {
    /// `[width]`.
    @Parameter public var weight: Tensor

    /// Added to the mean square.
    public let epsilon: Double

    /// Scale one.
    public init(_ width: Int, epsilon: Double = 1e-6, device: Device = .cpu) {
        _weight = Parameter(wrappedValue: .ones([width], device: device))
        self.epsilon = epsilon
    }

    /// `x`, `[..., width]`, normalized.
    public func callAsFunction(_ x: Tensor) -> Tensor { x.rmsNorm(weight: weight, epsilon: epsilon) }
}
