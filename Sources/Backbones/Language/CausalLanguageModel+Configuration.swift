public import NN

extension CausalLanguageModel {
    /// The architecture.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Architectures that differ in biases, norms of queries and keys, and defaults.
        public enum Family: String, Codable, CaseIterable, Sendable {
            /// Llama (arXiv 2302.13971).
            case llama

            /// Qwen 2 and 2.5 (arXiv 2412.15115): queries, keys and values have biases.
            case qwen2

            /// Qwen 3 (arXiv 2505.09388): queries and keys are normalized.
            case qwen3
        }

        /// The architecture.
        public var family: Family

        /// Rows of the token embedding.
        public var vocabularySize: Int

        /// Channels of a token.
        public var width = 4096

        /// Number of layers.
        public var layerCount = 32

        /// Heads of queries.
        public var headCount = 32

        /// Heads of keys and values.
        public var keyValueHeadCount = 32

        /// Channels of a head; may differ from `width / headCount`.
        public var headWidth = 128

        /// Channels of the gated feed-forward networks.
        public var feedForwardWidth: Int

        /// Non-linearity of the gates.
        public var activation = Activation.silu

        /// Added to the mean square by norms.
        public var epsilon = 1e-6

        /// Base of the rotary positions.
        public var rotaryBase = 10_000.0

        /// Pairs of a head's channels that turn by a token's time, row and column; nil where tokens have one position.
        public var rotarySections: [Int]?

        /// True for queries, keys and values with biases.
        public var hasAttentionBias: Bool

        /// True for an attention's output with a bias.
        public var hasAttentionOutputBias = false

        /// True for feed-forward networks with biases.
        public var hasFeedForwardBias = false

        /// Number of newest tokens that a token attends to in layers from ``firstWindowedLayer`` on; nil for all.
        public var slidingWindow: Int?

        /// Index of the first layer with a ``slidingWindow``.
        public var firstWindowedLayer = 28

        /// True for an output head with weights of its own, not the token embedding's.
        public var hasHead = false

        /// The defaults of `LlamaConfig`, `Qwen2Config` or `Qwen3Config`.
        public init(_ family: Family) {
            self.family = family
            vocabularySize = family == .llama ? 32_000 : 151_936
            feedForwardWidth = family == .llama ? 11_008 : 22_016
            hasAttentionBias = family == .qwen2
        }

        /// Reads a published `text_config`, whose missing keys have the defaults of its class; `family` is that of one
        /// without `model_type`.
        init(_ text: PublishedConfiguration, family: Family) throws(PretrainedError) {
            let name = try text.text("model_type") ?? family.rawValue
            guard let family = Family(rawValue: name) else {
                let known = Family.allCases.map(\.rawValue).joined(separator: ", ")
                throw text.error("model_type", expected: "one of \(known)", found: "'\(name)'")
            }
            self.init(family)
            try read(text)
        }

        /// Reads a published `text_config`, of which what is missing is as in `self`.
        mutating func read(_ text: PublishedConfiguration) throws(PretrainedError) {
            vocabularySize = try text.size("vocab_size", default: vocabularySize)
            width = try text.size("hidden_size", default: width)
            layerCount = try text.size("num_hidden_layers", default: layerCount)
            headCount = try text.size("num_attention_heads", default: headCount)
            // A null stands for as many as of queries, and so does Llama's default.
            let isShared = family != .llama && !text.has("num_key_value_heads")
            keyValueHeadCount = try text.keyValueHeads(
                default: isShared ? keyValueHeadCount : headCount,
                headCount: headCount
            )
            headWidth = try text.headWidth(default: family == .qwen3 ? headWidth : width / headCount)
            feedForwardWidth = try text.size("intermediate_size", default: feedForwardWidth)
            activation = try text.activation("hidden_act", default: activation)
            epsilon = try text.number("rms_norm_eps", default: epsilon)
            rotaryBase = try text.rotary(defaultBase: rotaryBase).base
            if family != .qwen2 {
                hasAttentionBias = try text.flag("attention_bias", default: false)
                hasAttentionOutputBias = hasAttentionBias
            }
            if family == .llama {
                hasFeedForwardBias = try text.flag("mlp_bias", default: false)
            } else if try text.flag("use_sliding_window", default: false) {
                slidingWindow = try text.size("sliding_window", default: 4096)
                firstWindowedLayer = try text.integer("max_window_layers", default: firstWindowedLayer)
            }
        }

        /// Every layer, in the order of the forward.
        var layers: [TransformerLayer.Configuration] {
            var attention = SelfAttention.Configuration(
                headCount: headCount,
                keyValueHeadCount: keyValueHeadCount,
                headWidth: headWidth
            )
            (attention.hasBias, attention.hasOutputBias) = (hasAttentionBias, hasAttentionOutputBias)
            attention.queryKeyNorm = family == .qwen3 ? .rms(epsilon: epsilon) : nil
            let layer = TransformerLayer.Configuration(
                width: width,
                attention: attention,
                feedForward: .init(
                    hidden: feedForwardWidth,
                    activation: activation,
                    isGated: true,
                    hasBias: hasFeedForwardBias
                ),
                norm: .rms(epsilon: epsilon)
            )
            return (0 ..< layerCount).map { index in
                var layer = layer
                layer.slidingWindow = index >= firstWindowedLayer ? slidingWindow : nil
                return layer
            }
        }
    }
}

extension PublishedConfiguration {
    /// Heads of keys and values, which `headCount` heads of queries share evenly.
    func keyValueHeads(default value: Int, headCount: Int) throws(PretrainedError) -> Int {
        let found = try size("num_key_value_heads", default: value)
        guard headCount.isMultiple(of: found) else {
            throw error(
                "num_key_value_heads",
                expected: "a divisor of \(headCount), the heads of queries",
                found: "\(found)"
            )
        }
        return found
    }

    /// Channels of a head, which rotary positions turn in pairs.
    func headWidth(default value: Int) throws(PretrainedError) -> Int {
        let found = try size("head_dim", default: value)
        guard found.isMultiple(of: 2) else {
            throw error("head_dim", expected: "an even number", found: "\(found)")
        }
        return found
    }
}
