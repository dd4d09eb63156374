public import NN
internal import Torch

// Axes in this file
//   B  batch      P  tokens of an image      L  tokens of a prompt

/// Language model of the Llama kind, whose prompts hold image tokens in the place of placeholders.
///
/// Every token attends to itself and to earlier ones.
public struct CausalLanguageModel: Module {
    private let embedding: Embedding
    /// The layers.
    let decoder: DecoderStack
    /// Output head; nil where it is the token embedding.
    private let head: Linear?

    /// Creates a network with random weights.
    init(_ configuration: Configuration, device: Device) {
        let (width, rows) = (configuration.width, configuration.vocabularySize)
        embedding = Embedding(rows, width, device: device)
        decoder = DecoderStack(
            configuration.layers,
            rotary: RotaryPositions(width: configuration.headWidth, base: configuration.rotaryBase),
            device: device
        )
        head = withAdapters(nil) {
            configuration.hasHead ? Linear(width, rows, bias: false, device: device) : nil
        }
    }

    /// Embeddings of words, int64 `[B, L]`: `[B, L, width]`.
    func embeddings(ofWords tokens: Tensor) -> Tensor { embedding(tokens) }

    /// Scores of every token of the vocabulary, of features `[B, L, width]`: `[B, L, vocabulary]`.
    func logits(of features: Tensor) -> Tensor {
        features.linear(weight: head?.weight ?? embedding.weight, bias: nil)
    }

    /// Keys and values of prompts.
    ///
    /// - Parameters:
    ///   - input: Prompts.
    ///   - images: Image tokens, `[B, P, width]` a camera, in the order of their placeholders.
    ///   - placeholder: Token id that image tokens take the place of.
    /// - Returns: The prompts' keys and values.
    func prefix(of input: PrefixInput, images: [Tensor], placeholder: Int) -> Prefix {
        let seen = seenTokens(input, images, placeholder)
        let positions = positions(input, seen)
        let cache = decoder.keysAndValues(
            of: embeddings(input.tokens, images, placeholder),
            positions: positions,
            mask: mask(input, seen)
        )
        let last = positions.narrowed(1, from: positions.size(1) - 1, count: 1)
        return Prefix(
            keys: cache.contents.keys,
            values: cache.contents.values,
            mask: seen?.unsqueezed(1).unsqueezed(1),
            nextPosition: last.squeezed(1) + 1
        )
    }

    /// One forward over prompts and the text after them, with every intermediate result by name
    /// (``PretrainedBackbone/trace(_:record:)``).
    func trace(
        _ input: PrefixInput,
        images: [Tensor],
        placeholder: Int,
        record: (_ name: String, _ tensor: Tensor) -> Void
    ) {
        let seen = seenTokens(input, images, placeholder)
        var cache = KeyValueCache(layerCount: decoder.layers.count)
        var index = 0
        let output = decoder.decode(
            embeddings(input.tokens, images, placeholder),
            positions: positions(input, seen),
            cache: &cache,
            mask: mask(input, seen)
        ) { state in
            record("hidden.\(index)", state)
            index += 1
        }
        for (layer, (key, value)) in zip(cache.contents.keys, cache.contents.values).enumerated() {
            record("keys.\(layer)", key)
            record("values.\(layer)", value)
        }
        record("logits", logits(of: output))
    }

    /// Embeddings of `tokens`, `[B, L]`, with image tokens for their placeholders: `[B, L, width]`.
    private func embeddings(_ tokens: Tensor, _ images: [Tensor], _ placeholder: Int) -> Tensor {
        let isImage = tokens.equal(Double(placeholder))
        // The placeholder may lie behind the table's last row.
        let words = embeddings(ofWords: tokens.filled(where: isImage, with: 0))
        guard !images.isEmpty else { return words }
        let images = Tensor.concatenated(images, axis: 1).to(words.dtype)
        precondition(
            isImage.to(.int64).sum().item == Double(images.count / images.size(2)),
            "prompts with as many placeholders as their images have tokens"
        )
        return words.scattered(where: isImage.unsqueezed(2), from: images)
    }

    /// True for tokens that others attend to, bool `[B, L]`: no padding, no image that is absent; nil for all.
    private func seenTokens(_ input: PrefixInput, _ images: [Tensor], _ placeholder: Int) -> Tensor? {
        guard let hasImage = input.hasImage, let image = images.first else { return input.tokenMask }
        let isImage = input.tokens.equal(Double(placeholder))
        // Placeholders of a prompt are counted through; so many belong to each camera.
        let index = isImage.to(.int64).cumulativeSum(1) - isImage.to(.int64)
        let camera = index.quotientAndRemainder(dividingBy: image.size(1)).quotient
        let last = Tensor.scalar(Double(hasImage.size(1) - 1), dtype: .int64, device: camera.device)
        let isPresent = hasImage.gather(axis: 1, camera.minimum(last))
        let isSeen = isPresent.to(.int64).maximum(isImage.logicalNot().to(.int64)).greater(0)
        return input.tokenMask.map { $0.and(isSeen) } ?? isSeen
    }

    /// Rotary positions, counted from 0, without tokens that are not seen: `[B or 1, L]`.
    private func positions(_ input: PrefixInput, _ seen: Tensor?) -> Tensor {
        seen.map { $0.to(.int64).cumulativeSum(1) - 1 }
            ?? Tensor.arange(0 ..< input.tokens.size(1), device: input.tokens.device).unsqueezed(0)
    }

    /// Causal mask, bool `[B or 1, 1, L, L]`.
    ///
    /// A token that no other sees still attends to itself, as a row of scores without any has no softmax.
    private func mask(_ input: PrefixInput, _ seen: Tensor?) -> Tensor {
        let (length, device) = (input.tokens.size(1), input.tokens.device)
        let causal = Tensor.causalMask(length, device: device)
        guard let seen else { return causal }
        let itself = causal.and(causal.transposed(2, 3)).to(.int64)
        return causal.and((seen.unsqueezed(1).unsqueezed(1).to(.int64) + itself).greater(0))
    }
}

extension WeightNames {
    /// Rows of a language model, whose layers are published under `published`, a part `parameter` of a module; its head has
    /// the name `head`.
    static func causalLanguageModel(_ published: String, head: String, _ parameter: String) -> [Row] {
        let attention = ["weight", "bias"].flatMap { kind -> [Row] in
            [
                ("layers.{}.self_attn.q_proj.\(kind)", "decoder.layers.{}.attention.projection.\(kind)"),
                ("layers.{}.self_attn.k_proj.\(kind)", "decoder.layers.{}.attention.projection.\(kind)"),
                ("layers.{}.self_attn.v_proj.\(kind)", "decoder.layers.{}.attention.projection.\(kind)"),
                ("layers.{}.self_attn.o_proj.\(kind)", "decoder.layers.{}.attention.output.\(kind)"),
                ("layers.{}.mlp.gate_proj.\(kind)", "decoder.layers.{}.feedForward.gate.\(kind)"),
                ("layers.{}.mlp.up_proj.\(kind)", "decoder.layers.{}.feedForward.up.\(kind)"),
                ("layers.{}.mlp.down_proj.\(kind)", "decoder.layers.{}.feedForward.down.\(kind)"),
            ]
        }
        let rows: [Row] = [
            ("embed_tokens.weight", "embedding.weight"),
            ("layers.{}.input_layernorm.weight", "decoder.layers.{}.attentionNorm.weight"),
            ("layers.{}.self_attn.q_norm.weight", "decoder.layers.{}.attention.queryNorm.weight"),
            ("layers.{}.self_attn.k_norm.weight", "decoder.layers.{}.attention.keyNorm.weight"),
            ("layers.{}.self_attn.rotary_emb.inv_freq", nil),
            ("layers.{}.post_attention_layernorm.weight", "decoder.layers.{}.feedForwardNorm.weight"),
            ("norm.weight", "decoder.norm.weight"),
        ]
        return (rows + attention).map { (published + $0.published, $0.parameter.map { parameter + $0 }) }
            + [(head, parameter + "head.weight")]
    }
}
