public import Torch

/// Affine layer with trained weight and bias.
public struct Linear: Module {
    /// `[out, in]`; of a quantized layer, the whole numbers of ``quantized``.
    @Parameter public var weight: Tensor

    /// Scales of a quantized weight, see ``QuantizedWeight/scales``; nil for a weight of numbers.
    @Buffer public var weightScale: Tensor?

    /// `[out]`, or nil.
    @Parameter public var bias: Tensor?

    /// Trained change of a frozen weight; nil for none.
    public let adapter: LowRankAdapter?

    /// Numbers that go in.
    public let inputs: Int

    /// Numbers that come out.
    public let outputs: Int

    /// Element type of what goes in and comes out.
    public let dtype: DType

    /// Weights from a normal distribution of standard deviation `gain / √in`; biases zero.
    public init(_ inputs: Int, _ outputs: Int, bias: Bool = true, gain: Double = 1, device: Device = .cpu) {
        let (scale, creation) = (gain / Double(inputs).squareRoot(), ParameterCreation.current)
        func numbers() -> Tensor {
            .normalParameter([outputs, inputs], standardDeviation: scale, device: device)
        }
        let quantized = creation.quantization.map { quantization in
            creation.isInitialized
                ? QuantizedWeight(quantizing: numbers(), as: quantization)
                : QuantizedWeight(undefined: quantization, inputs: inputs, outputs: outputs, device: device)
        }
        _weight = Parameter(wrappedValue: quantized?.wholes ?? numbers())
        _weightScale = Buffer(wrappedValue: quantized?.scales)
        let shift = bias ? Tensor.constantParameter([outputs], 0, device: device).requiringGradient() : nil
        _bias = Parameter(wrappedValue: shift)
        adapter = creation.adapter.map { LowRankAdapter(inputs, outputs, $0, device: device) }
        (self.inputs, self.outputs, dtype) = (inputs, outputs, creation.dtype)
    }

    /// The weight in whole numbers; nil for a weight of numbers.
    public var quantized: QuantizedWeight? {
        weightScale.map { QuantizedWeight(wholes: weight, scales: $0, inputs: inputs, outputs: outputs) }
    }

    /// `x`, `[..., in]`, mapped to `[..., out]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let y =
            quantized.map { $0(x, bias: bias) } ?? FewRowsProduct.of(x, weight: weight, bias: bias)
            ?? x.linear(weight: weight, bias: bias)
        return adapter.map { y + $0(x) } ?? y
    }
}
