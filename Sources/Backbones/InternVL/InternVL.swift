public import NN
public import Torch

// Axes in this file
//   N  images      P  patches of an image

/// InternVL 3.5 (arXiv 2508.18265): InternViT's patches, joined by pixel shuffle and projected by two layers, among the words
/// of a Qwen3 decoder; InternVL 3 has Qwen2's.
public struct InternVL: CausalVisionLanguageModel {
    /// `internvl`, and `internvl_chat` of the publisher's own code.
    public static let modelTypes = ["internvl", "internvl_chat"]

    /// Names of transformers, and of the publisher's own code.
    public static func weightNames(_: PublishedConfiguration) -> WeightNames { .internVL }

    /// The architecture.
    public let configuration: Configuration

    private let vision: InternViT
    private let projector: Projector
    /// The decoder, with its token embedding and output head.
    public let language: CausalLanguageModel

    /// Creates a network with random weights from libtorch's generator.
    public init(_ configuration: Configuration, device: Device) {
        self.configuration = configuration
        vision = InternViT(configuration.vision, device: device)
        projector = Projector(configuration, device: device)
        language = CausalLanguageModel(configuration.language, device: device)
    }

    /// Features of the class token and of patches, `[N, 1 + P, channels]`, of pixels `[N, 3, height, width]`.
    public func visionFeatures(of pixels: Tensor, grids _: [ImageGrid]) -> Tensor { vision(pixels) }

    /// Image tokens of patches, `[N, P / patchesPerSide², width]`; the class token is left out.
    public func imageTokens(of features: Tensor, grids _: [ImageGrid]) -> Tensor {
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
