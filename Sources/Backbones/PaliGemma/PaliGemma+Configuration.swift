public import NN

extension PaliGemma {
    /// The architecture, with the defaults of the published classes.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Decoders that differ in norms, soft caps and windows, and in defaults.
        public enum Family: String, Codable, CaseIterable, Sendable {
            /// Gemma (arXiv 2403.08295), in PaliGemma.
            case gemma

            /// Gemma 2 (arXiv 2408.00118), in PaliGemma 2.
            case gemma2
        }

        /// The vision encoder.
        public var vision = SiglipEncoder.Configuration()

        /// The decoder's kind.
        public var family = Family.gemma

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

        /// Scores are divided by its root; nil for the width of a head.
        public var queryScalar: Double?

        /// Bound of the attention's scores, by a tanh; nil for none.
        public var attentionSoftCap: Double?

        /// Bound of the words' scores, by a tanh; nil for none.
        public var logitSoftCap: Double?

        /// Number of newest tokens that text after a prompt attends to in ``slidingLayers``; nil for all.
        public var slidingWindow: Int?

        /// Indices of the layers with a ``slidingWindow``.
        public var slidingLayers: [Int] = []

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
    }
}

extension PaliGemma.Configuration {
    /// Reads a published `text_config`.
    private mutating func read(_ text: PublishedConfiguration) throws(PretrainedError) {
        family = try Family(text)
        if family == .gemma2 {
            (width, layerCount, feedForwardWidth) = (2304, 26, 9216)
            (headCount, keyValueHeadCount) = (8, 4)
        }
        vocabularySize = try text.size("vocab_size", default: vocabularySize)
        width = try text.size("hidden_size", default: width)
        layerCount = try text.size("num_hidden_layers", default: layerCount)
        headCount = try text.size("num_attention_heads", default: headCount)
        keyValueHeadCount = try text.keyValueHeads(default: keyValueHeadCount, headCount: headCount)
        headWidth = try text.headWidth(default: headWidth)
        feedForwardWidth = try text.size("intermediate_size", default: feedForwardWidth)
        epsilon = try text.number("rms_norm_eps", default: epsilon)
        rotaryBase = try text.rotary(defaultBase: rotaryBase).base
        hasAttentionBias = try text.flag("attention_bias", default: hasAttentionBias)
        switch family {
        case .gemma:
            // The first releases say "gelu" and mean its tanh approximation.
            let activation = try text.activation("hidden_act", default: activation)
            self.activation = activation == .gelu ? .geluTanh : activation
        case .gemma2:
            let scalar = try text.number("query_pre_attn_scalar", default: 256)
            guard scalar > 0 else {
                throw text.error("query_pre_attn_scalar", expected: "a number above 0", found: "\(scalar)")
            }
            queryScalar = scalar
            activation = try text.activation("hidden_activation", default: activation)
            attentionSoftCap = try text.optionalNumber("attn_logit_softcapping", default: 50)
            logitSoftCap = try text.optionalNumber("final_logit_softcapping", default: 30)
            try readWindows(text)
        }
    }

    private mutating func readWindows(_ text: PublishedConfiguration) throws(PretrainedError) {
        slidingWindow = try text.optionalSize("sliding_window", default: 4096)
        let (sliding, full) = ("sliding_attention", "full_attention")
        guard let kinds = try text.texts("layer_types") else {
            slidingLayers = (0 ..< layerCount).filter { $0.isMultiple(of: 2) }
            return
        }
        guard kinds.count == layerCount, kinds.allSatisfy([sliding, full].contains) else {
            let found = Set(kinds).sorted().joined(separator: ", ")
            throw text.error(
                "layer_types",
                expected: "\(layerCount) times \(sliding) or \(full)",
                found: "\(kinds.count) times \(found)"
            )
        }
        slidingLayers = kinds.indices.filter { kinds[$0] == sliding }
    }

    /// Every layer of the decoder.
    var layers: [TransformerLayer.Configuration] {
        var attention = SelfAttention.Configuration(
            headCount: headCount,
            keyValueHeadCount: keyValueHeadCount,
            headWidth: headWidth
        )
        (attention.hasBias, attention.hasOutputBias) = (hasAttentionBias, hasAttentionBias)
        attention.scale = queryScalar.map { 1 / $0.squareRoot() }
        attention.softCap = attentionSoftCap
        var layer = TransformerLayer.Configuration(
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
        layer.normalizesBranches = family == .gemma2
        return (0 ..< layerCount).map { index in
            layer.slidingWindow = slidingLayers.contains(index) ? slidingWindow : nil
            return layer
        }
    }
}

extension PaliGemma.Configuration.Family {
    /// Family of a published `text_config`.
    init(_ text: PublishedConfiguration) throws(PretrainedError) {
        let name = try text.text("model_type") ?? Self.gemma.rawValue
        guard let family = Self(rawValue: name) else {
            let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw text.error("model_type", expected: "one of \(known)", found: "'\(name)'")
        }
        self = family
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

    /// Names on the Hub, and those of transformers 5, of which the decoder's norms depend on its kind.
    public static func weightNames(_ published: PublishedConfiguration) throws(PretrainedError) -> WeightNames
    {
        guard let text = try published.object("text_config") else { return .paliGemma }
        switch try Configuration.Family(text) {
        case .gemma: return .paliGemma
        case .gemma2: return .paliGemma2
        }
    }
}
