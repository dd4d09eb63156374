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

    /// A turn of a chat with a robot of `cameraCount` cameras.
    static func turn(_ configuration: Configuration, cameraCount: Int) -> ChatProcessor.Turn
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
        let turn = turn(configuration, cameraCount: settings.cameraCount)
        return try ChatProcessor(
            folder,
            turn,
            imageToken: configuration.imageToken,
            rows: configuration.language.vocabularySize,
            settings
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
            tokensPerImage: images.first?.size(1) ?? 1
        )
    }

    /// Keys and values of prompts, with images one tensor a camera.
    public func prefix(of input: PrefixInput) -> Prefix {
        let images = input.images.map {
            imageTokens(of: visionFeatures(of: $0, grids: input.grids), grids: input.grids)
        }
        return language.prefix(
            of: input,
            images: images,
            placeholder: configuration.imageToken,
            layout: layout(of: input, images: images)
        )
    }

    /// Embeddings of words, int64 `[B, L]`: `[B, L, width]`.
    public func embeddings(ofWords tokens: Tensor) -> Tensor { language.embeddings(ofWords: tokens) }

    /// Scores of every token of the vocabulary, `[B, L, vocabulary]`.
    public func logits(of features: Tensor) -> Tensor { language.logits(of: features) }

    /// One forward over whole prompts and the text after them.
    public func trace(_ input: PrefixInput, record: (_ name: String, _ tensor: Tensor) -> Void) {
        let images = input.images.map { pixels in
            let features = visionFeatures(of: pixels, grids: input.grids)
            record("vision", features)
            let tokens = imageTokens(of: features, grids: input.grids)
            record("projector", tokens)
            return tokens
        }
        language.trace(
            input,
            images: images,
            placeholder: configuration.imageToken,
            layout: layout(of: input, images: images),
            record: record
        )
    }
}
