extension SmolVLM {
    /// The architecture, with the defaults of the published classes.
    public struct Configuration: VisionLanguageConfiguration, Codable {
        /// The vision encoder.
        public var vision: SiglipEncoder.Configuration

        /// The language model.
        public var language: CausalLanguageModel.Configuration

        /// Rows and columns of patches that become one token.
        public var patchesPerSide = 2

        /// Token id that stands for a token of an image.
        public var imageToken = 128_257

        /// The defaults of `SmolVLMConfig` and its parts.
        public init() {
            vision = SiglipEncoder.Configuration()
            (vision.width, vision.headCount, vision.patchSize) = (1152, 16, 32)
            language = CausalLanguageModel.Configuration(.llama)
            language.epsilon = 1e-5
        }

        /// Number of tokens of an image.
        public var imageTokenCount: Int { vision.patchCount / (patchesPerSide * patchesPerSide) }

        /// Reads a published configuration.
        public init(_ published: PublishedConfiguration) throws(PretrainedError) {
            self.init()
            imageToken = try published.integer("image_token_id", default: imageToken)
            patchesPerSide = try published.integer("scale_factor", default: patchesPerSide)
            if let part = try published.object("vision_config") { try vision.read(part) }
            // An epsilon that is missing of a part is Llama's; of a part that is missing, the composite's.
            if let part = try published.object("text_config") { language = try .init(part, family: .llama) }
            let side = vision.imageSize / vision.patchSize
            guard patchesPerSide > 0, side % patchesPerSide == 0 else {
                let expected = "a divisor of \(side), the patches of an image's side"
                throw published.error("scale_factor", expected: expected, found: "\(patchesPerSide)")
            }
        }
    }
}
