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
            rotary: RotaryPositions(
                width: configuration.headWidth,
                base: configuration.rotaryBase,
                sections: configuration.rotarySections
            ),
            device: device
        )
        head = withPlainLinearLayers {
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
    ///   - layout: Positions of the prompts' tokens.
    /// - Returns: The prompts' keys and values.
    func prefix(of input: PrefixInput, images: [Tensor], placeholder: Int, layout: PromptLayout) -> Prefix {
        let cache = decoder.keysAndValues(
            of: embeddings(input, images, placeholder),
            positions: layout.positions,
            mask: layout.causalMask
        )
        return Prefix(
            keys: cache.contents.keys,
            values: cache.contents.values,
            mask: layout.keyMask,
            nextPosition: layout.nextPosition
        )
    }

    /// One forward over prompts and the text after them, with every intermediate result by name
    /// (``PretrainedBackbone/trace(_:record:)``).
    func trace(
        _ input: PrefixInput,
        images: [Tensor],
        placeholder: Int,
        layout: PromptLayout,
        record: (_ name: String, _ tensor: Tensor) -> Void
    ) {
        record("positions", layout.positions)
        let output = decoder.trace(
            embeddings(input, images, placeholder),
            positions: layout.positions,
            mask: layout.causalMask,
            record: record
        )
        record("logits", logits(of: output))
    }

    /// Embeddings of the tokens of `input`, with image tokens for their placeholders: `[B, L, width]`.
    private func embeddings(_ input: PrefixInput, _ images: [Tensor], _ placeholder: Int) -> Tensor {
        let tokens = input.tokens
        let isImage = tokens.equal(Double(placeholder))
        // The placeholder may lie behind the table's last row.
        let words = embeddings(ofWords: tokens.filled(where: isImage, with: 0))
        guard !images.isEmpty else { return words }
        let images = Tensor.concatenated(images, axis: 1).to(words.dtype)
        precondition(
            input.hostPrompts.tokens.count { $0 == placeholder } == images.count / images.size(2),
            "prompts with as many placeholders as their images have tokens"
        )
        return words.scattered(where: isImage.unsqueezed(2), from: images)
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
