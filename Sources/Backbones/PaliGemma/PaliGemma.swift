public import NN
public import Torch

// Axes in this file
//   B  batch      N  images      P  patches of an image      L  tokens of a prompt

/// PaliGemma (arXiv 2407.07726) and PaliGemma 2 (arXiv 2412.03555): SigLIP's patches, projected by one linear layer, before
/// the words in a decoder of Gemma, or Gemma 2.
///
/// All tokens of a prompt see each other; text after it is causal.
public struct PaliGemma: PretrainedBackbone {
    /// `paligemma`.
    public static let modelTypes = ["paligemma"]

    /// The architecture.
    public let configuration: Configuration

    private let vision: SiglipEncoder
    private let projector: Linear
    private let embedding: Embedding
    private let decoder: DecoderStack
    /// Output head; nil where it is the token embedding.
    private let head: Linear?

    /// Creates a network with random weights from libtorch's generator.
    public init(_ configuration: Configuration, device: Device) {
        self.configuration = configuration
        let width = configuration.width
        vision = SiglipEncoder(configuration.vision, device: device)
        projector = Linear(configuration.vision.width, width, device: device)
        embedding = Embedding(configuration.vocabularySize, width, device: device)
        decoder = DecoderStack(
            configuration.layers,
            rotary: RotaryPositions(width: configuration.headWidth, base: configuration.rotaryBase),
            device: device
        )
        head = withPlainLinearLayers {
            configuration.hasHead
                ? Linear(width, configuration.vocabularySize, bias: false, device: device) : nil
        }
    }

    /// Architecture of every decoder layer.
    public var layerConfigurations: [TransformerLayer.Configuration] { decoder.layers.map(\.configuration) }

    /// Rotary positions of every decoder layer.
    public var rotary: RotaryPositions { decoder.rotary }

    /// True.
    public var supportsDecoding: Bool { true }

    /// The decoder's layers.
    public var stack: DecoderStack? { decoder }

    /// Features of suffix slots, normalized `[B, L, width]`.
    public func decode(_ inputs: Tensor, positions: Tensor, cache: inout KeyValueCache, mask: Tensor?)
        -> Tensor
    {
        decoder.decode(inputs, positions: positions, cache: &cache, mask: mask)
    }

    /// Keys and values of prompts, whose images are normalized pixels, `[B, 3, height, width]`, one tensor a camera.
    public func prefix(of input: PrefixInput) -> Prefix {
        let features = input.images.map { projector(vision($0)) }
        let layout = layout(of: input)
        let cache = decoder.keysAndValues(
            of: embeddings(input, features),
            positions: layout.positions,
            mask: layout.keyMask,
            near: promptPairs(input)
        )
        return Prefix(
            keys: cache.contents.keys,
            values: cache.contents.values,
            mask: layout.keyMask,
            nextPosition: layout.nextPosition
        )
    }

    /// Embeddings of words, int64 `[B, L]`: `[B, L, width]`.
    public func embeddings(ofWords tokens: Tensor) -> Tensor {
        let rows = embedding(tokens)
        // Rounded to the element type first, as the published weights were trained.
        let scale = Tensor.scalar(
            Double(configuration.width).squareRoot(),
            dtype: rows.dtype,
            device: rows.device
        )
        return rows * scale
    }

    /// Rows of the output head for some tokens, int64 `[n]`: `[n, width]`.
    ///
    /// Their products with features are the scores of these tokens alone, which a decoder of a few tokens has no need to find
    /// among all 257,152.
    public func headRows(_ tokens: Tensor) -> Tensor {
        (head?.weight ?? embedding.weight).gathering(tokens, axis: 0)
    }

    /// Embeddings of the tokens of `input`, with those of images, `[B, P, width]` a camera, for their placeholders.
    ///
    /// Gemma scales words by √width, and PaliGemma leaves image tokens as the projector gives them.
    func embeddings(_ input: PrefixInput, _ features: [Tensor]) -> Tensor {
        let tokens = input.tokens
        let isImage = tokens.equal(Double(configuration.imageToken))
        // The placeholder may lie behind the table's last row.
        let words = embeddings(ofWords: tokens.filled(where: isImage, with: 0))
        guard !features.isEmpty else { return words }
        let images = Tensor.concatenated(features, axis: 1).to(words.dtype)
        precondition(
            input.hostPrompts.tokens.count { $0 == configuration.imageToken }
                == images.count / configuration.width,
            "prompts with as many placeholders as their images have patches"
        )
        return words.scattered(where: isImage.unsqueezed(2), from: images)
    }

    /// Positions of prompts' tokens, counted from 1.
    private func layout(of input: PrefixInput) -> PromptLayout {
        PromptLayout(
            input,
            placeholder: configuration.imageToken,
            tokensPerImage: [configuration.vision.patchCount],
            first: 1
        )
    }

    /// Pairs of a prompt's tokens, which see each other, bool, broadcasts to `[B, 1, L, L]`.
    private func promptPairs(_ input: PrefixInput) -> Tensor {
        guard let isSuffix = input.isSuffix else {
            return .ones([1, 1, 1, 1], dtype: .bool, device: input.tokens.device)
        }
        let isPrompt = isSuffix.logicalNot().unsqueezed(1).unsqueezed(1)
        return isPrompt.and(isPrompt.transposed(2, 3))
    }
}

extension PaliGemma {
    /// One forward over whole prompts and the text after them.
    public func trace(_ input: PrefixInput, record: (_ name: String, _ tensor: Tensor) -> Void) {
        let features = input.images.map { pixels in
            let patches = vision(pixels)
            record("vision", patches)
            let projected = projector(patches)
            record("projector", projected)
            return projected
        }
        let (layout, pairs) = (layout(of: input), promptPairs(input))
        // A prompt's token sees the whole prompt; text after it sees what came before.
        let causal = Tensor.causalMask(input.tokens.size(1), device: input.tokens.device)
        let open = pairs.or(causal)
        let output = decoder.trace(
            embeddings(input, features),
            positions: layout.positions,
            mask: layout.keyMask.map { open.and($0) } ?? open,
            near: pairs,
            record: record
        )
        record("logits", logits(of: output))
    }

    /// Scores of every token of the vocabulary, `[B, L, vocabulary]`.
    public func logits(of features: Tensor) -> Tensor {
        let scores = features.linear(weight: head?.weight ?? embedding.weight, bias: nil)
        return configuration.logitSoftCap.map { (scores / $0).tanh() * $0 } ?? scores
    }
}
