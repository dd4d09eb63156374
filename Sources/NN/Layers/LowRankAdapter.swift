public import Torch

/// Low-rank adapter of a linear layer whose weight is frozen (LoRA, arXiv 2106.09685): `x` to `up(down(x)) · alpha / rank`.
///
/// Its parameters are in single precision, whatever the weight's precision: small steps would be lost in others.
public struct LowRankAdapter: Module {
    /// The settings of all adapters of a network.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Rank of the change of a weight.
        public var rank = 16

        /// Scale of the change, times the rank.
        public var alpha = 16.0

        /// The defaults.
        public init() {}
    }

    /// `[rank, in]`.
    @Parameter public var down: Tensor

    /// `[out, rank]`.
    @Parameter public var up: Tensor

    /// Scale of the change.
    private let scale: Double

    /// Creates an adapter that changes nothing yet: `up` is zero.
    init(_ inputs: Int, _ outputs: Int, _ configuration: Configuration, device: Device) {
        let rank = configuration.rank
        scale = configuration.alpha / Double(rank)
        (_down, _up) = withParameters(of: .float32) {
            (
                Parameter(
                    wrappedValue: .normalParameter(
                        [rank, inputs],
                        standardDeviation: 1 / Double(inputs).squareRoot(),
                        device: device
                    )
                ),
                Parameter(wrappedValue: .constantParameter([outputs, rank], 0, device: device))
            )
        }
    }

    /// The change of the layer's output for `x`, `[..., in]`: `[..., out]`, in the element type of `x`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let low = x.linear(weight: down.to(x.dtype), bias: nil)
        return low.linear(weight: up.to(x.dtype), bias: nil) * scale
    }

    /// The change of the layer's weight, `[out, in]`.
    public var weightChange: Tensor { up.matmul(down) * scale }
}

extension Linear {
    /// The weight with the adapter's change, `[out, in]`; the weight itself of a layer without adapter.
    public var mergedWeight: Tensor {
        let weight = quantized?.dequantized(to: dtype) ?? weight
        guard let adapter else { return weight }
        return (weight.to(.float32) + adapter.weightChange).to(dtype)
    }
}

extension Module {
    /// Adds the changes of all adapters to their layers' weights, in place, and leaves adapters that change nothing.
    public func mergeAdapters() {
        withoutGradients {
            for layer in linearLayers(of: self) {
                guard let adapter = layer.adapter, layer.quantized == nil else { continue }
                layer.weight.copyInPlace(layer.mergedWeight)
                adapter.up.copyInPlace(adapter.up.zerosLike())
            }
        }
    }
}

/// Every linear layer of `value`, a module or a collection of modules.
private func linearLayers(of value: Any) -> [Linear] {
    if let layer = value as? Linear { return [layer] }
    let mirror = Mirror(reflecting: value)
    let isContainer = mirror.displayStyle == .collection || mirror.displayStyle == .optional
    guard value is any Module || isContainer else { return [] }
    return mirror.children.flatMap { linearLayers(of: $0.value) }
}

extension NamedTensor {
    /// True for a parameter of a ``LowRankAdapter``.
    public var isOfAdapter: Bool { name.split(separator: ".").dropLast().last == "adapter" }
}
