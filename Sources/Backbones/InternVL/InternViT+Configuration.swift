public import NN

extension InternViT {
    /// The architecture, with the defaults of `InternVLVisionConfig`: InternViT-300M.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Channels of a patch.
        public var width = 1024

        /// Number of layers.
        public var layerCount = 24

        /// Attention heads of a layer.
        public var headCount = 16

        /// Channels of the feed-forward networks.
        public var feedForwardWidth = 4096

        /// Rows and columns of pixels.
        public var imageSize = 448

        /// Rows and columns of a patch.
        public var patchSize = 14

        /// Non-linearity of the feed-forward networks.
        public var activation = Activation.gelu

        /// Added to the variance, or mean square, by norms.
        public var epsilon = 1e-6

        /// True for queries, keys and values with biases.
        public var hasAttentionBias = false

        /// True for norms of the root mean square.
        public var hasRMSNorms = false

        /// True for a norm after the last layer.
        public var hasOutputNorm = false

        /// The defaults of the published class.
        public init() {}

        /// Number of patches of an image.
        public var patchCount: Int { (imageSize / patchSize) * (imageSize / patchSize) }

        /// Reads a `vision_config` of transformers.
        mutating func read(_ published: PublishedConfiguration) throws(PretrainedError) {
            try readSizes(published)
            hasAttentionBias = try published.flag("attention_bias", default: hasAttentionBias)
            hasOutputNorm = try !published.flag("use_mean_pooling", default: !hasOutputNorm)
            try published.require("use_qk_norm", false, default: false)
            try published.require("use_absolute_position_embeddings", true, default: true)
        }

        /// Reads a `vision_config` of the publisher's own code, whose class has the defaults of InternViT-6B.
        mutating func readRemote(_ published: PublishedConfiguration) throws(PretrainedError) {
            (width, layerCount, headCount, feedForwardWidth) = (3200, 48, 25, 12_800)
            (imageSize, hasRMSNorms) = (224, true)
            try readSizes(published)
            hasAttentionBias = try published.flag("qkv_bias", default: hasAttentionBias)
            try published.require("qk_normalization", false, default: true)
        }

        private mutating func readSizes(_ published: PublishedConfiguration) throws(PretrainedError) {
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
            switch try published.text("norm_type") {
            case nil: break
            case "layer_norm": hasRMSNorms = false
            case "rms_norm": hasRMSNorms = true
            case let name?:
                throw published.error("norm_type", expected: "layer_norm or rms_norm", found: name)
            }
        }

        /// Every layer: no gates, biases everywhere but in some models' queries, keys and values, and scaled branches.
        var layer: TransformerLayer.Configuration {
            var attention = SelfAttention.Configuration(headCount: headCount, headWidth: width / headCount)
            (attention.hasBias, attention.hasOutputBias) = (hasAttentionBias, true)
            var layer = TransformerLayer.Configuration(
                width: width,
                attention: attention,
                feedForward: .init(
                    hidden: feedForwardWidth,
                    activation: activation,
                    isGated: false,
                    hasBias: true
                ),
                norm: hasRMSNorms ? .rms(epsilon: epsilon) : .layer(epsilon: epsilon, hasBias: true)
            )
            layer.scalesBranches = true
            return layer
        }
    }
}

extension PublishedConfiguration {
    /// Refuses another setting under `key` than `value`, which is all that is built.
    fileprivate func require(_ key: String, _ value: Bool, default missing: Bool) throws(PretrainedError) {
        let found = try flag(key, default: missing)
        guard found == value else { throw error(key, expected: "\(value)", found: "\(found)") }
    }
}
