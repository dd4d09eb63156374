public import NN
public import Torch

/// A linear layer on hand-written kernels, for a few rows on a CPU; larger inputs are left to libtorch.
public struct PackedAffineMap: AffineMap {
    private let plain: Linear
    private let layer: PackedLinear

    /// Copies the present weights of `layer`; nil unless they are in single precision in a CPU's memory.
    public init?(_ layer: Linear) {
        guard layer.weight.device == .cpu, layer.weight.dtype == .float32 else { return nil }
        plain = layer
        self.layer = PackedLinear(layer)
    }

    /// `x`, `[..., in]`, mapped to `[..., out]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let width = x.size(-1)
        guard x.dtype == .float32, PackedSuffixDecoder.suits(rows: x.count / width) else { return plain(x) }
        let y = layer(Rows(x.floats, width: width))
        return Tensor(y.values, shape: x.shape.dropLast() + [y.width])
    }
}
