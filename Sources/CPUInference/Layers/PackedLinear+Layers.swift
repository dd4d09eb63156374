public import NN
public import Torch

extension PackedLinear {
    /// Packs a layer as its weights are now; `scale` multiplies the outputs.
    public init(_ layer: Linear, scale: Tensor? = nil) {
        self.init(
            weight: layer.mergedWeight.floats,
            bias: layer.bias?.floats,
            scale: scale?.floats,
            outputs: layer.outputs
        )
    }

    /// Packs a layer that follows a norm: the norm's bias becomes part of the layer's bias.
    public init(_ layer: Linear, after norm: LayerNorm) {
        var bias = layer.bias
        if let shift = norm.bias {
            let moved = layer.mergedWeight.matmul(shift)
            bias = bias.map { $0 + moved } ?? moved
        }
        self.init(weight: layer.mergedWeight.floats, bias: bias?.floats, outputs: layer.outputs)
    }
}
