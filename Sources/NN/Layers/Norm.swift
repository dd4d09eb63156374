public import Torch

/// A norm over the last axis.
public protocol Norm: Module {
    /// Trained scale, `[width]`.
    var weight: Tensor { get }

    /// Added to the variance or the mean square.
    var epsilon: Double { get }

    /// `x`, `[..., width]`, normalized.
    func callAsFunction(_ x: Tensor) -> Tensor
}

/// Zero mean and unit variance over the last axis, with a trained scale and shift.
public struct LayerNorm: Norm {
    /// `[width]`.
    @Parameter public var weight: Tensor

    /// `[width]`, or nil.
    @Parameter public var bias: Tensor?

    /// Added to the variance; a large value keeps idle channels idle.
    public let epsilon: Double

    /// Scale one, shift zero.
    public init(_ width: Int, bias: Bool = true, epsilon: Double = 1e-5, device: Device = .cpu) {
        _weight = Parameter(wrappedValue: .constantParameter([width], 1, device: device))
        let shift = bias ? Tensor.constantParameter([width], 0, device: device).requiringGradient() : nil
        _bias = Parameter(wrappedValue: shift)
        self.epsilon = epsilon
    }

    /// `x`, `[..., width]`, normalized.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.layerNorm(weight: weight, bias: bias, epsilon: epsilon)
    }
}

/// Unit root mean square over the last axis, computed in single precision, with a trained scale (arXiv 1910.07467).
public struct RMSNorm: Norm {
    /// `[width]`: the scale, or its difference to one.
    @Parameter public var weight: Tensor

    /// Added to the mean square.
    public let epsilon: Double

    /// True for a scale of `1 + weight`, as in Gemma: the product is in single precision, and cast last.
    ///
    /// Otherwise, as in Llama, the normalized vector is cast first and then scaled; below single precision the two differ.
    public let addsOne: Bool

    /// Scale one.
    public init(_ width: Int, epsilon: Double = 1e-6, addsOne: Bool = false, device: Device = .cpu) {
        _weight = Parameter(wrappedValue: .constantParameter([width], addsOne ? 0 : 1, device: device))
        (self.epsilon, self.addsOne) = (epsilon, addsOne)
    }

    /// `x`, `[..., width]`, normalized.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let normalized = x.to(.float32).rmsNorm(weight: nil, epsilon: epsilon)
        return addsOne
            ? (normalized * (weight.to(.float32) + 1)).to(x.dtype) : normalized.to(x.dtype) * weight
    }
}

/// A kind of norm, with its epsilon.
public enum NormKind: Equatable, Sendable {
    /// ``LayerNorm``, with or without a shift.
    case layer(epsilon: Double, hasBias: Bool)

    /// ``RMSNorm``, with a scale of `weight` or, as in Gemma, of `1 + weight`.
    case rms(epsilon: Double, addsOne: Bool = false)

    /// A norm of this kind over `width` channels.
    public func makeNorm(_ width: Int, device: Device) -> any Norm {
        switch self {
        case .layer(let epsilon, let hasBias):
            LayerNorm(width, bias: hasBias, epsilon: epsilon, device: device)
        case .rms(let epsilon, let addsOne):
            RMSNorm(width, epsilon: epsilon, addsOne: addsOne, device: device)
        }
    }
}
