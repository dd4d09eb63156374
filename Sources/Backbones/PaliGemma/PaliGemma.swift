public import NN
public import Torch

// Axes in this file
//   B  batch      N  images      P  patches of an image      L  tokens of a prompt

/// PaliGemma (arXiv 2407.07726): SigLIP's patches, projected by one linear layer, before the words in a Gemma decoder.
///
/// All tokens of a prompt see each other; text after it is causal.
public struct PaliGemma: PretrainedBackbone {
    /// `paligemma`.
    public static let modelTypes = ["paligemma"]

    /// Names on the Hub, and those of transformers 5.
    public static let weightNames = WeightNames.paliGemma

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
            Array(repeating: configuration.layer, count: configuration.layerCount),
            rotary: RotaryPositions(width: configuration.headWidth, base: configuration.rotaryBase),
            device: device
        )
        head = withAdapters(nil) {
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
        let tokens = input.tokens
        let mask = tokenMask(input)
        let features = input.images.map { projector(vision($0)) }
        let positions = positions(mask, tokens)
        let cache = decoder.keysAndValues(
            of: embeddings(tokens, features),
            positions: positions,
            mask: mask?.unsqueezed(1).unsqueezed(1)
        )
        let last = positions.narrowed(1, from: positions.size(1) - 1, count: 1)
        return Prefix(
            keys: cache.contents.keys,
            values: cache.contents.values,
            mask: mask?.unsqueezed(1).unsqueezed(1),
            nextPosition: last.squeezed(1) + 1
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

    /// Embeddings of `tokens`, `[B, L]`, with those of images, `[B, P, width]` a camera, for their placeholders.
    ///
    /// Gemma scales words by √width, and PaliGemma leaves image tokens as the projector gives them.
    func embeddings(_ tokens: Tensor, _ features: [Tensor]) -> Tensor {
        let isImage = tokens.equal(Double(configuration.imageToken))
        // The placeholder may lie behind the table's last row.
        let words = embeddings(ofWords: tokens.filled(where: isImage, with: 0))
        guard !features.isEmpty else { return words }
        let images = Tensor.concatenated(features, axis: 1).to(words.dtype)
        precondition(
            isImage.to(.int64).sum().item == Double(images.count / configuration.width),
            "prompts with as many placeholders as their images have patches"
        )
        return words.scattered(where: isImage.unsqueezed(2), from: images)
    }

    /// True for tokens that others attend to, bool `[B, L]`: no padding, no image that is absent; nil for all.
    private func tokenMask(_ input: PrefixInput) -> Tensor? {
        guard let hasImage = input.hasImage else { return input.tokenMask }
        let isImage = input.tokens.equal(Double(configuration.imageToken))
        // Placeholders of a prompt are counted through; so many belong to each camera.
        let index = isImage.to(.int64).cumulativeSum(1) - isImage.to(.int64)
        let camera = index.quotientAndRemainder(dividingBy: configuration.vision.patchCount).quotient
        let last = Tensor.scalar(Double(hasImage.size(1) - 1), dtype: .int64, device: camera.device)
        let isPresent = hasImage.gather(axis: 1, camera.minimum(last))
        let isOpen = isPresent.to(.int64).maximum(isImage.logicalNot().to(.int64)).greater(0)
        return input.tokenMask.map { $0.and(isOpen) } ?? isOpen
    }

    /// Rotary positions, counted from 1, without masked tokens: `[B or 1, L]`.
    private func positions(_ mask: Tensor?, _ tokens: Tensor) -> Tensor {
        mask?.to(.int64).cumulativeSum(1)
            ?? Tensor.arange(1 ..< tokens.size(1) + 1, device: tokens.device).unsqueezed(0)
    }
}

extension PaliGemma {
    /// One forward over whole prompts and the text after them.
    public func trace(_ input: PrefixInput, record: (_ name: String, _ tensor: Tensor) -> Void) {
        let tokens = input.tokens
        let features = input.images.map { pixels in
            let patches = vision(pixels)
            record("vision", patches)
            let projected = projector(patches)
            record("projector", projected)
            return projected
        }
        let output = decoder.trace(
            embeddings(tokens, features),
            positions: positions(input.tokenMask, tokens),
            mask: attentionMask(input),
            record: record
        )
        record("logits", logits(of: output))
    }

    /// Scores of every token of the vocabulary, `[B, L, vocabulary]`.
    public func logits(of features: Tensor) -> Tensor {
        features.linear(weight: head?.weight ?? embedding.weight, bias: nil)
    }

    /// Mask of prompts and the causal text after them, bool `[B, 1, L, L]`; nil for prompts without padding.
    private func attentionMask(_ input: PrefixInput) -> Tensor? {
        let padding = input.tokenMask?.unsqueezed(1).unsqueezed(1)
        guard let isSuffix = input.isSuffix else { return padding }
        let length = input.tokens.size(1)
        let isPrompt = isSuffix.logicalNot().unsqueezed(1).unsqueezed(1)
        let causal = Tensor.causalMask(length, device: input.tokens.device)
        // A prompt's token sees the whole prompt; text after it sees what came before.
        let seesPrompt = isPrompt.to(.int64) * isPrompt.transposed(2, 3).to(.int64)
        let mask = (seesPrompt + causal.to(.int64)).greater(0)
        return padding.map { mask.and($0) } ?? mask
    }
}
