public import Torch

/// A map of the last axis: `[..., in]` to `[..., out]`.
public protocol AffineMap: Sendable {
    /// `x`, `[..., in]`, mapped to `[..., out]`.
    func callAsFunction(_ x: Tensor) -> Tensor
}

/// Affine layer with trained weight and bias.
public struct Linear: Module, AffineMap {
    /// `[out, in]`.
    @Parameter public var weight: Tensor

    /// `[out]`, or nil.
    @Parameter public var bias: Tensor?

    /// Trained change of a frozen weight; nil for none.
    public let adapter: LowRankAdapter?

    /// Weights from a normal distribution of standard deviation `gain / √in`; biases zero.
    public init(_ inputs: Int, _ outputs: Int, bias: Bool = true, gain: Double = 1, device: Device = .cpu) {
        let scale = gain / Double(inputs).squareRoot()
        _weight = Parameter(
            wrappedValue: .normalParameter([outputs, inputs], standardDeviation: scale, device: device)
        )
        let shift = bias ? Tensor.constantParameter([outputs], 0, device: device).requiringGradient() : nil
        _bias = Parameter(wrappedValue: shift)
        adapter = ParameterCreation.current.adapter.map {
            LowRankAdapter(inputs, outputs, $0, device: device)
        }
    }

    /// `x`, `[..., in]`, mapped to `[..., out]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let y = x.linear(weight: weight, bias: bias)
        return adapter.map { y + $0(x) } ?? y
    }
}
