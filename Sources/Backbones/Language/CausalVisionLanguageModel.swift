public import NN
public import Torch

// Axes in this file
//   B  batch      N  images      P  patches of an image      L  tokens of a prompt

/// Pretrained backbone of a vision encoder, a projection to image tokens, and a ``CausalLanguageModel`` that reads these among
/// words.
public protocol CausalVisionLanguageModel: PretrainedBackbone {
    /// The decoder, with its token embedding and output head.
    var language: CausalLanguageModel { get }

    /// Token id that image tokens take the place of.
    var imageToken: Int { get }

    /// Output of the vision encoder, `[N, patches, channels]`, of normalized pixels, `[N, 3, height, width]`.
    func visionFeatures(of pixels: Tensor) -> Tensor

    /// Image tokens, `[N, tokens, width]`, of the vision encoder's output.
    func imageTokens(of features: Tensor) -> Tensor
}

extension CausalVisionLanguageModel {
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

    /// Keys and values of prompts, whose images are normalized pixels of squares, `[B, 3, height, width]`, one tensor a camera.
    public func prefix(of input: PrefixInput) -> Prefix {
        let images = input.images.map { imageTokens(of: visionFeatures(of: $0)) }
        return language.prefix(of: input, images: images, placeholder: imageToken)
    }

    /// Embeddings of words, int64 `[B, L]`: `[B, L, width]`.
    public func embeddings(ofWords tokens: Tensor) -> Tensor { language.embeddings(ofWords: tokens) }

    /// Scores of every token of the vocabulary, `[B, L, vocabulary]`.
    public func logits(of features: Tensor) -> Tensor { language.logits(of: features) }

    /// One forward over whole prompts and the text after them.
    public func trace(_ input: PrefixInput, record: (_ name: String, _ tensor: Tensor) -> Void) {
        let images = input.images.map { pixels in
            let features = visionFeatures(of: pixels)
            record("vision", features)
            let tokens = imageTokens(of: features)
            record("projector", tokens)
            return tokens
        }
        language.trace(input, images: images, placeholder: imageToken, record: record)
    }
}
