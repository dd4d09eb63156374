public import NN
public import Torch

// Axes in this file
//   N  images      P  patches of an image

/// SigLIP's vision transformer, without its pooling head (arXiv 2303.15343): image patches with learned positions, layers
/// that see the whole image, a norm at the end.
public struct SiglipEncoder: Module {
    /// The architecture.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Channels of a patch.
        public var width = 768

        /// Number of layers.
        public var layerCount = 12

        /// Attention heads of a layer.
        public var headCount = 12

        /// Channels of the feed-forward networks.
        public var feedForwardWidth = 3072

        /// Rows and columns of pixels.
        public var imageSize = 224

        /// Rows and columns of a patch.
        public var patchSize = 16

        /// Non-linearity of the feed-forward networks.
        public var activation = Activation.geluTanh

        /// Added to the variance by norms.
        public var epsilon = 1e-6

        /// The defaults of the published class.
        public init() {}

        /// Reads a published `vision_config`, of which what is missing is as in `self`.
        mutating func read(_ published: PublishedConfiguration) throws(PretrainedError) {
            width = try published.size("hidden_size", default: width)
            layerCount = try published.size("num_hidden_layers", default: layerCount)
            headCount = try published.heads("num_attention_heads", default: headCount, width: width)
            feedForwardWidth = try published.size("intermediate_size", default: feedForwardWidth)
            (imageSize, patchSize) = try published.sides(
                image: ("image_size", imageSize),
                patch: ("patch_size", patchSize)
            )
            activation = try published.activation("hidden_act", default: activation)
            epsilon = try published.number("layer_norm_eps", default: epsilon)
        }

        /// Number of patches of an image.
        public var patchCount: Int { (imageSize / patchSize) * (imageSize / patchSize) }

        /// Every layer: layer norms, biases everywhere, no gate.
        var layer: TransformerLayer.Configuration {
            var attention = SelfAttention.Configuration(headCount: headCount, headWidth: width / headCount)
            (attention.hasBias, attention.hasOutputBias) = (true, true)
            return TransformerLayer.Configuration(
                width: width,
                attention: attention,
                feedForward: .init(
                    hidden: feedForwardWidth,
                    activation: activation,
                    isGated: false,
                    hasBias: true
                ),
                norm: .layer(epsilon: epsilon, hasBias: true)
            )
        }
    }

    private let patches: Conv2d
    private let positions: Embedding
    private let layers: [TransformerLayer]
    private let norm: any Norm

    /// Creates an encoder with random weights.
    public init(_ configuration: Configuration, device: Device) {
        let (width, size) = (configuration.width, configuration.patchSize)
        patches = Conv2d(3, width, kernel: size, stride: size, device: device)
        positions = Embedding(configuration.patchCount, width, device: device)
        layers = (0 ..< configuration.layerCount).map { _ in
            TransformerLayer(configuration.layer, layerCount: configuration.layerCount, device: device)
        }
        norm = configuration.layer.norm.makeNorm(width, device: device)
    }

    /// Features of `pixels`, normalized `[N, 3, height, width]`: `[N, P, channels]`, patches row by row.
    ///
    /// Patches of an image of the configured size have the learned positions one by one; for others, `rows` are indices of
    /// theirs, int64 `[P]`.
    public func callAsFunction(_ pixels: Tensor, positions rows: Tensor? = nil) -> Tensor {
        let map = patches(pixels.to(patches.weight.dtype))
        let positions = rows.map { self.positions($0) } ?? self.positions.weight
        var x = map.reshaped(map.size(0), map.size(1), -1).transposed(1, 2) + positions
        for layer in layers { x = layer.checkpointed(x).output }
        return norm(x)
    }
}

extension WeightNames {
    /// Rows of SigLIP's encoder, published under `published` and a part `parameter` of a module.
    static func siglip(_ published: String, _ parameter: String) -> [Row] {
        let rows: [Row] = [
            ("embeddings.patch_embedding.weight", "patches.weight"),
            ("embeddings.patch_embedding.bias", "patches.bias"),
            ("embeddings.position_embedding.weight", "positions.weight"),
            ("encoder.layers.{}.layer_norm1.weight", "layers.{}.attentionNorm.weight"),
            ("encoder.layers.{}.layer_norm1.bias", "layers.{}.attentionNorm.bias"),
            ("encoder.layers.{}.self_attn.q_proj.weight", "layers.{}.attention.projection.weight"),
            ("encoder.layers.{}.self_attn.k_proj.weight", "layers.{}.attention.projection.weight"),
            ("encoder.layers.{}.self_attn.v_proj.weight", "layers.{}.attention.projection.weight"),
            ("encoder.layers.{}.self_attn.q_proj.bias", "layers.{}.attention.projection.bias"),
            ("encoder.layers.{}.self_attn.k_proj.bias", "layers.{}.attention.projection.bias"),
            ("encoder.layers.{}.self_attn.v_proj.bias", "layers.{}.attention.projection.bias"),
            ("encoder.layers.{}.self_attn.out_proj.weight", "layers.{}.attention.output.weight"),
            ("encoder.layers.{}.self_attn.out_proj.bias", "layers.{}.attention.output.bias"),
            ("encoder.layers.{}.layer_norm2.weight", "layers.{}.feedForwardNorm.weight"),
            ("encoder.layers.{}.layer_norm2.bias", "layers.{}.feedForwardNorm.bias"),
            ("encoder.layers.{}.mlp.fc1.weight", "layers.{}.feedForward.up.weight"),
            ("encoder.layers.{}.mlp.fc1.bias", "layers.{}.feedForward.up.bias"),
            ("encoder.layers.{}.mlp.fc2.weight", "layers.{}.feedForward.down.weight"),
            ("encoder.layers.{}.mlp.fc2.bias", "layers.{}.feedForward.down.bias"),
            ("post_layernorm.weight", "norm.weight"),
            ("post_layernorm.bias", "norm.bias"),
        ]
        // The head that pools a whole image into one vector: VLMs read the patches.
        return rows.map { (published + $0.published, $0.parameter.map { parameter + $0 }) }
            + [(published + "head.*", nil)]
    }
}
