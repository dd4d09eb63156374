public import Foundation
public import NN
public import Torch

// Axes in this file
//   B  batch      N  images      P  patches of an image      L  tokens of a prompt

/// Pretrained backbone of a vision encoder, a projection to image tokens, and a ``CausalLanguageModel`` that reads these among
/// words.
public protocol CausalVisionLanguageModel: PretrainedBackbone
where Configuration: VisionLanguageConfiguration {
    /// The architecture.
    var configuration: Configuration { get }

    /// The decoder, with its token embedding and output head.
    var language: CausalLanguageModel { get }

    /// Output of the vision encoder, `[N, patches, channels]`.
    ///
    /// - Parameters:
    ///   - pixels: Normalized pixels, `[N, 3, height, width]`, or what else ``PrefixInput/images`` holds.
    ///   - grids: Rows and columns of patches of every image, where ``PrefixInput/grids`` has them.
    /// - Returns: Features.
    func visionFeatures(of pixels: Tensor, grids: [ImageGrid]) -> Tensor

    /// Image tokens, `[N, tokens, width]`, of the vision encoder's output.
    func imageTokens(of features: Tensor, grids: [ImageGrid]) -> Tensor

    /// Positions of prompts' tokens, of which `images`, `[N, tokens, width]` a camera, take the place of placeholders.
    func layout(of input: PrefixInput, images: [Tensor]) -> PromptLayout

    /// A turn of a chat with a robot, of whose cameras' images `placeholders` are the text.
    static func turn(_ placeholders: [String]) -> ChatProcessor.Turn

    /// The images of a robot's cameras.
    ///
    /// - Throws: `ImageProcessingError` and ``PretrainedError`` for settings in `folder` that are none, or not the network's.
    static func cameras(_ folder: URL, _ configuration: Configuration, _ settings: ProcessorSettings) throws
        -> CameraImages
}

/// The architecture of a ``CausalVisionLanguageModel``.
public protocol VisionLanguageConfiguration: Equatable, Sendable {
    /// The language model.
    var language: CausalLanguageModel.Configuration { get set }

    /// Token id that image tokens take the place of.
    var imageToken: Int { get }

    /// Reads a published configuration.
    ///
    /// - Throws: ``PretrainedError``.
    init(_ published: PublishedConfiguration) throws(PretrainedError)
}

extension CausalVisionLanguageModel {
    /// Reads a published configuration; the number of words, and whether the head has weights of its own, off the tensors.
    public static func configuration(
        _ published: PublishedConfiguration,
        shape: (_ parameter: String) -> [Int]?
    ) throws -> Configuration {
        var configuration = try Configuration(published)
        let rows = shape("language.embedding.weight")?[0]
        configuration.language.vocabularySize = rows ?? configuration.language.vocabularySize
        configuration.language.hasHead = shape("language.head.weight") != nil
        return configuration
    }

    /// Observations as inputs of the network.
    public static func makeProcessor(
        _ folder: URL,
        _ configuration: Configuration,
        _ settings: ProcessorSettings
    ) throws -> any InputProcessor {
        try chat(folder, configuration, settings)
    }

    /// A chat with a robot.
    ///
    /// - Throws: The errors of text tokenizers, `ImageProcessingError` and ``PretrainedError``.
    static func chat(_ folder: URL, _ configuration: Configuration, _ settings: ProcessorSettings) throws
        -> ChatProcessor
    {
        let cameras = try cameras(folder, configuration, settings)
        return try ChatProcessor(
            folder,
            turn(cameras.placeholders),
            cameras,
            imageToken: configuration.imageToken,
            rows: configuration.language.vocabularySize,
            stateBins: settings.stateBins
        )
    }

    /// Architecture of every decoder layer.
    public var layerConfigurations: [TransformerLayer.Configuration] {
        language.decoder.layers.map(\.configuration)
    }

    /// Rotary positions of every decoder layer.
    public var rotary: RotaryPositions { language.decoder.rotary }

    /// True.
    public var supportsDecoding: Bool { true }

    /// The decoder's layers.
    public var stack: DecoderStack? { language.decoder }

    /// Features of suffix slots, normalized `[B, L, width]`.
    public func decode(_ inputs: Tensor, positions: Tensor, cache: inout KeyValueCache, mask: Tensor?)
        -> Tensor
    {
        language.decoder.decode(inputs, positions: positions, cache: &cache, mask: mask)
    }

    /// Positions of prompts whose images have the same number of tokens.
    public func layout(of input: PrefixInput, images: [Tensor]) -> PromptLayout {
        PromptLayout(
            input,
            placeholder: configuration.imageToken,
            tokensPerImage: images.map { $0.size(1) }
        )
    }

    /// Keys and values of prompts, with images one tensor a camera.
    public func prefix(of input: PrefixInput) -> Prefix {
        let images = input.images.map { tokens(of: $0, grids: input.grids) { _, _ in } }
        return language.prefix(
            of: input,
            images: images,
            placeholder: configuration.imageToken,
            layout: layout(of: input, images: images)
        )
    }

    /// Image tokens of a camera, `[B, tokens, width]`: of an image that is cut, those of its tiles one after the other.
    private func tokens(
        of pixels: Tensor,
        grids: [ImageGrid],
        record: (_ name: String, _ tensor: Tensor) -> Void
    ) -> Tensor {
        let isCut = pixels.shape.count == 5
        let tiles = isCut ? pixels.reshaped([-1] + pixels.shape.suffix(3)) : pixels
        let features = visionFeatures(of: tiles, grids: grids)
        record("vision", features)
        let tokens = imageTokens(of: features, grids: grids)
        record("projector", tokens)
        return isCut ? tokens.reshaped(pixels.size(0), -1, tokens.size(2)) : tokens
    }

    /// Embeddings of words, int64 `[B, L]`: `[B, L, width]`.
    public func embeddings(ofWords tokens: Tensor) -> Tensor { language.embeddings(ofWords: tokens) }

    /// Scores of every token of the vocabulary, `[B, L, vocabulary]`.
    public func logits(of features: Tensor) -> Tensor { language.logits(of: features) }

    /// One forward over whole prompts and the text after them.
    public func trace(_ input: PrefixInput, record: (_ name: String, _ tensor: Tensor) -> Void) {
        let images = input.images.map { tokens(of: $0, grids: input.grids, record: record) }
        language.trace(
            input,
            images: images,
            placeholder: configuration.imageToken,
            layout: layout(of: input, images: images),
            record: record
        )
    }
}
