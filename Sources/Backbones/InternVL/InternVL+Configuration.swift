public import NN

extension InternVL {
    /// The architecture, with the defaults of the published classes.
    public struct Configuration: VisionLanguageConfiguration, Codable {
        /// The vision encoder.
        public var vision = InternViT.Configuration()

        /// The language model.
        public var language = CausalLanguageModel.Configuration(.qwen2)

        /// Rows and columns of patches that become one token.
        public var patchesPerSide = 2

        /// Non-linearity of the projector.
        public var projectorActivation = Activation.gelu

        /// Token id that stands for a token of an image.
        public var imageToken = 151_667

        /// The defaults of `InternVLConfig` and its parts.
        public init() {}

        /// Number of tokens of an image.
        public var imageTokenCount: Int { vision.patchCount / (patchesPerSide * patchesPerSide) }

        /// Reads a configuration of transformers, or one of the publisher's own code, which has an `llm_config`.
        public init(_ published: PublishedConfiguration) throws(PretrainedError) {
            self.init()
            if let part = try published.object("llm_config") {
                try readRemote(published, part)
            } else {
                try read(published)
            }
            let ratio = try published.number("downsample_ratio", default: 0.5)
            let side = vision.imageSize / vision.patchSize
            patchesPerSide = ratio * Double(side) >= 1 ? Int(1 / ratio) : 0
            guard patchesPerSide > 0, side % patchesPerSide == 0 else {
                let expected = "one by a divisor of \(side), the patches of an image's side"
                throw published.error("downsample_ratio", expected: expected, found: "\(ratio)")
            }
        }

        private mutating func read(_ published: PublishedConfiguration) throws(PretrainedError) {
            if let part = try published.object("vision_config") { try vision.read(part) }
            if let part = try published.object("text_config") { language = try .init(part, family: .qwen2) }
            imageToken = try published.integer("image_token_id", default: imageToken)
            projectorActivation = try published.activation(
                "projector_hidden_act",
                default: projectorActivation
            )
            try published.require("vision_feature_layer", -1)
            let strategy = try published.text("vision_feature_select_strategy") ?? "default"
            guard strategy == "default" else {
                throw published.error("vision_feature_select_strategy", expected: "default", found: strategy)
            }
        }

        private mutating func readRemote(
            _ published: PublishedConfiguration,
            _ text: PublishedConfiguration
        ) throws(PretrainedError) {
            language = try .init(text, family: .qwen3)
            if let part = try published.object("vision_config") { try vision.readRemote(part) }
            vision.imageSize = try published.side("force_image_size", default: vision.imageSize)
            // The publisher's code asks the text tokenizer for `<IMG_CONTEXT>`.
            imageToken = try published.integer(
                "img_context_token_id",
                default: language.family == .qwen3 ? 151_671 : imageToken
            )
            try published.require("select_layer", -1)
            let shuffle = try published.text("ps_version") ?? "v1"
            guard shuffle == "v2" else { throw published.error("ps_version", expected: "v2", found: shuffle) }
        }
    }
}

extension PublishedConfiguration {
    /// Refuses another number under `key` than `value`, its default, which is all that is built.
    fileprivate func require(_ key: String, _ value: Int) throws(PretrainedError) {
        let found = try integer(key, default: value)
        guard found == value else { throw error(key, expected: "\(value)", found: "\(found)") }
    }
}
