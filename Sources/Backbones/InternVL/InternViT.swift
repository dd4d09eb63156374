public import NN
internal import Torch

// Axes in this file
//   N  images      P  patches of an image

/// InternVL's vision transformer (arXiv 2312.14238): a class token and image patches with learned positions, layers whose
/// branches have trained scales.
public struct InternViT: Module {
    /// `[1, 1, width]`.
    @Parameter private var classToken: Tensor
    /// Learned positions of the class token, then of patches row by row, `[1, 1 + P, width]`.
    @Parameter private var positions: Tensor
    private let patches: Conv2d
    private let layers: [TransformerLayer]
    private let norm: (any Norm)?

    /// Creates an encoder with random weights.
    init(_ configuration: Configuration, device: Device) {
        let (width, size) = (configuration.width, configuration.patchSize)
        func parameter(_ count: Int) -> Tensor {
            .normalParameter([1, count, width], standardDeviation: 0.02, device: device)
        }
        _classToken = Parameter(wrappedValue: parameter(1))
        _positions = Parameter(wrappedValue: parameter(1 + configuration.patchCount))
        patches = Conv2d(3, width, kernel: size, stride: size, device: device)
        layers = (0 ..< configuration.layerCount).map { _ in
            TransformerLayer(configuration.layer, layerCount: configuration.layerCount, device: device)
        }
        norm =
            configuration.hasOutputNorm
            ? LayerNorm(width, epsilon: configuration.epsilon, device: device) : nil
    }

    /// Features of `pixels`, normalized `[N, 3, height, width]`: `[N, 1 + P, channels]`, the class token's first, then patches
    /// row by row.
    func callAsFunction(_ pixels: Tensor) -> Tensor {
        let map = patches(pixels.to(patches.weight.dtype))
        let (count, rows, columns) = (map.size(0), map.size(2), map.size(3))
        let tokens = map.reshaped(count, map.size(1), -1).transposed(1, 2)
        let first = classToken.expanded([count, 1, -1])
        var x = Tensor.concatenated([first, tokens], axis: 1) + positions(rows: rows, columns: columns)
        for layer in layers { x = layer.checkpointed(x).output }
        return norm?(x) ?? x
    }

    /// Positions of the class token and of a grid of patches, `[1, 1 + rows · columns, width]`: the learned ones, scaled to
    /// grids of other sizes by bicubic interpolation.
    private func positions(rows: Int, columns: Int) -> Tensor {
        let learned = positions.size(1) - 1
        let side = Int(Double(learned).squareRoot().rounded())
        guard (rows, columns) != (side, side) else { return positions }
        let grid = positions.narrowed(1, from: 1, count: learned).reshaped(1, side, side, -1).permuted(
            0,
            3,
            1,
            2
        )
        let scaled = grid.to(.float32).resizedBicubic(rows: rows, columns: columns).to(positions.dtype)
        return .concatenated(
            [
                positions.narrowed(1, from: 0, count: 1),
                scaled.permuted(0, 2, 3, 1).reshaped(1, rows * columns, -1),
            ],
            axis: 1
        )
    }
}

extension Tensor {
    /// Maps, `[N, channels, height, width]`, of another size by bicubic interpolation, without antialiasing.
    fileprivate func resizedBicubic(rows: Int, columns: Int) -> Tensor {
        Self.bicubic(.tensor(self), .integers([rows, columns]), false)
    }

    private static let bicubic = Operator("aten::upsample_bicubic2d")
}

extension WeightNames {
    /// Rows of InternViT as transformers names them, published under `published` and a part `parameter` of a module.
    static func internViT(_ published: String, _ parameter: String) -> [Row] {
        let layers = ["weight", "bias"].flatMap { kind -> [Row] in
            [
                ("embeddings.patch_embeddings.projection.\(kind)", "patches.\(kind)"),
                ("encoder.layer.{}.layernorm_before.\(kind)", "layers.{}.attentionNorm.\(kind)"),
                ("encoder.layer.{}.attention.q_proj.\(kind)", "layers.{}.attention.projection.\(kind)"),
                ("encoder.layer.{}.attention.k_proj.\(kind)", "layers.{}.attention.projection.\(kind)"),
                ("encoder.layer.{}.attention.v_proj.\(kind)", "layers.{}.attention.projection.\(kind)"),
                ("encoder.layer.{}.attention.projection_layer.\(kind)", "layers.{}.attention.output.\(kind)"),
                ("encoder.layer.{}.layernorm_after.\(kind)", "layers.{}.feedForwardNorm.\(kind)"),
                ("encoder.layer.{}.mlp.fc1.\(kind)", "layers.{}.feedForward.up.\(kind)"),
                ("encoder.layer.{}.mlp.fc2.\(kind)", "layers.{}.feedForward.down.\(kind)"),
                ("layernorm.\(kind)", "norm.\(kind)"),
            ]
        }
        return rows(
            layers + [
                ("embeddings.cls_token", "classToken"),
                ("embeddings.position_embeddings", "positions"),
                // For training on hidden patches.
                ("embeddings.mask_token", nil),
                ("encoder.layer.{}.lambda_1", "layers.{}.attentionScale"),
                ("encoder.layer.{}.lambda_2", "layers.{}.feedForwardScale"),
            ],
            published,
            parameter
        )
    }

    /// Rows of InternViT as the publisher's own code names them.
    static func internViTRemote(_ published: String, _ parameter: String) -> [Row] {
        let layers = ["weight", "bias"].flatMap { kind -> [Row] in
            [
                // Queries, keys and values in one tensor, in this order.
                ("encoder.layers.{}.attn.qkv.\(kind)", "layers.{}.attention.projection.\(kind)"),
                ("encoder.layers.{}.attn.proj.\(kind)", "layers.{}.attention.output.\(kind)"),
                ("encoder.layers.{}.norm1.\(kind)", "layers.{}.attentionNorm.\(kind)"),
                ("encoder.layers.{}.norm2.\(kind)", "layers.{}.feedForwardNorm.\(kind)"),
                ("encoder.layers.{}.mlp.fc1.\(kind)", "layers.{}.feedForward.up.\(kind)"),
                ("encoder.layers.{}.mlp.fc2.\(kind)", "layers.{}.feedForward.down.\(kind)"),
                ("embeddings.patch_embedding.\(kind)", "patches.\(kind)"),
            ]
        }
        return rows(
            layers + [
                ("embeddings.class_embedding", "classToken"),
                ("embeddings.position_embedding", "positions"),
                ("encoder.layers.{}.ls1", "layers.{}.attentionScale"),
                ("encoder.layers.{}.ls2", "layers.{}.feedForwardScale"),
            ],
            published,
            parameter
        )
    }

    private static func rows(_ rows: [Row], _ published: String, _ parameter: String) -> [Row] {
        rows.map { (published + $0.published, $0.parameter.map { parameter + $0 }) }
    }
}
