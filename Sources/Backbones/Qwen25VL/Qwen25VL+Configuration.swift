extension Qwen25VL {
    /// The architecture, with the defaults of the published classes.
    public struct Configuration: VisionLanguageConfiguration, Codable {
        /// The vision encoder.
        public var vision = Qwen25VisionEncoder.Configuration()

        /// The language model: Qwen2.5's, with rotary positions by time, row and column.
        public var language = CausalLanguageModel.Configuration(.qwen2)

        /// Token id that stands for a cell of an image.
        public var imageToken = 151_655

        /// The defaults of `Qwen2_5_VLTextConfig` and `Qwen2_5_VLVisionConfig`.
        public init() {
            language.vocabularySize = 152_064
            (language.width, language.layerCount, language.feedForwardWidth) = (8192, 80, 29_568)
            (language.headCount, language.keyValueHeadCount) = (64, 8)
            language.epsilon = 1e-5
            (language.rotaryBase, language.rotarySections) = (1e6, [16, 24, 24])
            language.firstWindowedLayer = 80
        }

        /// Reads a published configuration, with the decoder's keys in `text_config` or, as on the Hub, beside
        /// `vision_config`.
        public init(_ published: PublishedConfiguration) throws(PretrainedError) {
            self.init()
            imageToken = try published.integer("image_token_id", default: imageToken)
            if let part = try published.object("vision_config") { try vision.read(part) }
            let text = try published.object("text_config") ?? published
            try language.read(text)
            // Whatever the kind's name: "mrope" on the Hub, "default" in what transformers 4.49 and later save.
            let sections = try text.rotary(defaultBase: language.rotaryBase).sections
            language.rotarySections = sections ?? language.rotarySections
            try checkSections(text)
            guard vision.outputWidth == language.width else {
                throw text.error(
                    "hidden_size",
                    expected: "\(vision.outputWidth), vision_config's 'out_hidden_size'",
                    found: "\(language.width)"
                )
            }
        }

        private func checkSections(_ text: PublishedConfiguration) throws(PretrainedError) {
            let (sections, pairs) = (language.rotarySections ?? [], language.headWidth / 2)
            guard sections.count == 3, sections.allSatisfy({ (1 ... pairs).contains($0) }),
                sections.reduce(0, +) == pairs
            else {
                throw text.error(
                    "mrope_section",
                    expected: "three numbers, together \(pairs)",
                    found: "\(sections)"
                )
            }
        }
    }
}
