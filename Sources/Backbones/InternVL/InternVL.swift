public import NN
public import Torch

// Axes in this file
//   B  batch      N  images      P  patches of an image      L  tokens of a prompt

/// InternVL 3.5 (arXiv 2508.18265): InternViT's patches, joined by pixel shuffle and projected by two layers, among the words
/// of a Qwen3 decoder; InternVL 3 has Qwen2's.
public struct InternVL: PretrainedBackbone {
    /// `internvl`, and `internvl_chat` of the publisher's own code.
    public static let modelTypes = ["internvl", "internvl_chat"]

    /// Names of transformers, and of the publisher's own code.
    public static let weightNames = WeightNames.internVL

    /// The architecture.
    public let configuration: Configuration

    private let vision: InternViT
    private let projector: Projector
    private let language: CausalLanguageModel

    /// Creates a network with random weights from libtorch's generator.
    public init(_ configuration: Configuration, device: Device) {
        self.configuration = configuration
        vision = InternViT(configuration.vision, device: device)
        projector = Projector(configuration, device: device)
        language = CausalLanguageModel(configuration.language, device: device)
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

    /// Keys and values of prompts, whose images are normalized pixels of squares, `[B, 3, height, width]`, one tensor a camera.
    public func prefix(of input: PrefixInput) -> Prefix {
        let images = input.images.map { projected(vision($0)) }
        return language.prefix(of: input, images: images, placeholder: configuration.imageToken)
    }

    /// Embeddings of words, int64 `[B, L]`: `[B, L, width]`.
    public func embeddings(ofWords tokens: Tensor) -> Tensor { language.embeddings(ofWords: tokens) }

    /// Scores of every token of the vocabulary, `[B, L, vocabulary]`.
    public func logits(of features: Tensor) -> Tensor { language.logits(of: features) }

    /// One forward over whole prompts and the text after them.
    public func trace(_ input: PrefixInput, record: (_ name: String, _ tensor: Tensor) -> Void) {
        let images = input.images.map { pixels in
            let features = vision(pixels)
            record("vision", features)
            let projected = projected(features)
            record("projector", projected)
            return projected
        }
        language.trace(input, images: images, placeholder: configuration.imageToken, record: record)
    }

    /// Image tokens of features, `[N, 1 + P, channels]`, the first of which is the class token's: `[N, P / patchesPerSide²,
    /// width]`.
    private func projected(_ features: Tensor) -> Tensor {
        let patches = features.narrowed(1, from: 1, count: features.size(1) - 1)
        return projector(patches.pixelShuffled(by: configuration.patchesPerSide))
    }
}

extension InternVL {
    /// Joined patches to image tokens: norm, linear layer, non-linearity, linear layer.
    struct Projector: Module {
        private let norm: LayerNorm
        private let first: Linear
        private let second: Linear
        private let activation: Activation

        init(_ configuration: Configuration, device: Device) {
            let patches = configuration.patchesPerSide * configuration.patchesPerSide
            let (inputs, width) = (patches * configuration.vision.width, configuration.language.width)
            // PyTorch's epsilon, not the configuration's.
            norm = LayerNorm(inputs, epsilon: 1e-5, device: device)
            first = Linear(inputs, width, device: device)
            second = Linear(width, width, device: device)
            activation = configuration.projectorActivation
        }

        func callAsFunction(_ x: Tensor) -> Tensor { second(activation(first(norm(x)))) }
    }
}

extension WeightNames {
    /// InternVL, as in the Hub's `-HF` folders and as transformers 4 and 5 write it; and as in the others, which the publisher's
    /// own code reads.
    static let internVL = WeightNames(
        internViT("vision_tower.", "vision.") + internViTRemote("vision_model.", "vision.")
            + ["weight", "bias"].flatMap { kind -> [Row] in
                [
                    ("multi_modal_projector.layer_norm.\(kind)", "projector.norm.\(kind)"),
                    ("multi_modal_projector.linear_1.\(kind)", "projector.first.\(kind)"),
                    ("multi_modal_projector.linear_2.\(kind)", "projector.second.\(kind)"),
                    ("mlp1.0.\(kind)", "projector.norm.\(kind)"),
                    ("mlp1.1.\(kind)", "projector.first.\(kind)"),
                    ("mlp1.3.\(kind)", "projector.second.\(kind)"),
                ]
            }
            + causalLanguageModel("language_model.model.", head: "language_model.lm_head.weight", "language."),
        prefixes: [
            // Names in memory, which other tools save as they are.
            ("model.language_model.", "language_model.model."),
            ("model.vision_tower.", "vision_tower."),
            ("model.multi_modal_projector.", "multi_modal_projector."),
            ("lm_head.", "language_model.lm_head."),
            // A model without its head.
            ("language_model.embed_tokens.", "language_model.model.embed_tokens."),
            ("language_model.layers.", "language_model.model.layers."),
            ("language_model.norm.", "language_model.model.norm."),
        ]
    )
}
