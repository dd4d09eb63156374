public import NN

extension PaliGemma {
    /// The architecture, with the defaults of the published classes.
    public struct Configuration: Codable, Equatable, Sendable {
        /// The vision encoder.
        public var vision = SiglipEncoder.Configuration()

        /// Rows of the token embedding, placeholders and padding included.
        public var vocabularySize = 256_000

        /// Token id that stands for a patch of an image.
        public var imageToken = 256_000

        /// Channels of a token.
        public var width = 3072

        /// Number of decoder layers.
        public var layerCount = 28

        /// Heads of queries.
        public var headCount = 16

        /// Heads of keys and values.
        public var keyValueHeadCount = 16

        /// Channels of a head; may differ from `width / headCount`.
        public var headWidth = 256

        /// Channels of the gated feed-forward networks.
        public var feedForwardWidth = 24_576

        /// Non-linearity of the gates.
        public var activation = Activation.geluTanh

        /// Added to the mean square by norms.
        public var epsilon = 1e-6

        /// Base of the rotary positions.
        public var rotaryBase = 10_000.0

        /// True for queries, keys, values and output with biases.
        public var hasAttentionBias = false

        /// True for an output head with weights of its own, not the token embedding's.
        public var hasHead = false

        /// The defaults of `GemmaConfig` and `SiglipVisionConfig`.
        public init() {}

        /// The architecture of PaliGemma 3B, for images of 224 pixels: the defaults of `PaliGemmaConfig`.
        public static let paliGemma3B: Configuration = {
            var configuration = Configuration()
            configuration.vision.width = 1152
            configuration.vision.layerCount = 27
            configuration.vision.headCount = 16
            configuration.vision.feedForwardWidth = 4096
            configuration.vision.patchSize = 14
            configuration.vocabularySize = 257_152
            configuration.width = 2048
            configuration.layerCount = 18
            configuration.headCount = 8
            configuration.keyValueHeadCount = 1
            configuration.feedForwardWidth = 16_384
            return configuration
        }()

        /// Reads a published configuration.
        ///
        /// A whole part that is missing is that of the 3B model; a key that is missing of a part, its own class's default.
        init(_ published: PublishedConfiguration) throws(PretrainedError) {
            let (vision, text) = (try published.object("vision_config"), try published.object("text_config"))
            self.init()
            imageToken = try published.integer(
                published.has("image_token_id") ? "image_token_id" : "image_token_index",
                default: imageToken
            )
            if let vision {
                try self.vision.read(vision)
            } else {
                self.vision = Self.paliGemma3B.vision
            }
            if let text {
                try read(text)
            } else {
                let (vision, imageToken) = (self.vision, self.imageToken)
                self = .paliGemma3B
                (self.vision, self.imageToken) = (vision, imageToken)
            }
        }

        private mutating func read(_ text: PublishedConfiguration) throws(PretrainedError) {
            vocabularySize = try text.integer("vocab_size", default: vocabularySize)
            width = try text.integer("hidden_size", default: width)
            layerCount = try text.integer("num_hidden_layers", default: layerCount)
            headCount = try text.integer("num_attention_heads", default: headCount)
            keyValueHeadCount = try text.integer("num_key_value_heads", default: keyValueHeadCount)
            headWidth = try text.integer("head_dim", default: headWidth)
            feedForwardWidth = try text.integer("intermediate_size", default: feedForwardWidth)
            epsilon = try text.number("rms_norm_eps", default: epsilon)
            rotaryBase = try text.rotary(defaultBase: rotaryBase).base
            hasAttentionBias = try text.flag("attention_bias", default: hasAttentionBias)
            // The first releases say "gelu" and mean its tanh approximation.
            let activation = try text.activation("hidden_act", default: activation)
            self.activation = activation == .gelu ? .geluTanh : activation
        }

        /// Every layer of the decoder: Gemma's (arXiv 2403.08295).
        var layer: TransformerLayer.Configuration {
            var attention = SelfAttention.Configuration(
                headCount: headCount,
                keyValueHeadCount: keyValueHeadCount,
                headWidth: headWidth
            )
            (attention.hasBias, attention.hasOutputBias) = (hasAttentionBias, hasAttentionBias)
            return TransformerLayer.Configuration(
                width: width,
                attention: attention,
                feedForward: .init(
                    hidden: feedForwardWidth,
                    activation: activation,
                    isGated: true,
                    hasBias: false
                ),
                norm: .rms(epsilon: epsilon, addsOne: true)
            )
        }
    }
}

extension PaliGemma {
    /// Reads a published configuration.
    public static func configuration(
        _ published: PublishedConfiguration,
        shape: (_ parameter: String) -> [Int]?
    ) throws -> Configuration {
        var configuration = try Configuration(published)
        // Tables of 257,152 and of 257,216 rows are about, whatever the configuration says.
        configuration.vocabularySize = shape("embedding.weight")?[0] ?? configuration.vocabularySize
        configuration.hasHead = shape("head.weight") != nil
        return configuration
    }
}
