public import NN
public import Torch

// Axes in this file
//   N  images      P  patches of an image

/// SmolVLM2 (arXiv 2504.05299): SigLIP's patches, joined by pixel shuffle and projected by one linear layer, among the words
/// of a Llama decoder.
public struct SmolVLM: CausalVisionLanguageModel {
    /// `smolvlm`.
    public static let modelTypes = ["smolvlm"]

    /// Names on the Hub.
    public static func weightNames(_: PublishedConfiguration) -> WeightNames { .smolVLM }

    /// The architecture.
    public let configuration: Configuration

    private let vision: SiglipEncoder
    private let connector: Linear
    /// The decoder, with its token embedding and output head.
    public let language: CausalLanguageModel

    /// Creates a network with random weights from libtorch's generator.
    public init(_ configuration: Configuration, device: Device) {
        self.configuration = configuration
        vision = SiglipEncoder(configuration.vision, device: device)
        let patches = configuration.patchesPerSide * configuration.patchesPerSide
        connector = Linear(
            patches * configuration.vision.width,
            configuration.language.width,
            bias: false,
            device: device
        )
        language = CausalLanguageModel(configuration.language, device: device)
    }

    /// Features of patches, `[N, P, channels]`, of pixels `[N, 3, height, width]`.
    public func visionFeatures(of pixels: Tensor, grids _: [ImageGrid]) -> Tensor {
        let positions = configuration.positions(ofImage: pixels.size(2))
        return vision(pixels, positions: Tensor(positions, shape: [positions.count], device: pixels.device))
    }

    /// Image tokens, `[N, P / patchesPerSide², width]`.
    public func imageTokens(of features: Tensor, grids _: [ImageGrid]) -> Tensor {
        connector(features.pixelShuffled(by: configuration.patchesPerSide))
    }
}

extension SmolVLM.Configuration {
    /// Indices of the learned positions of a square image's patches: those at the same fraction of the image's rows and
    /// columns.
    ///
    /// An image of the configured size has every position once. transformers 4.55 to 4.57 gives its second row and column the
    /// positions of the first (huggingface/transformers#41190).
    func positions(ofImage size: Int) -> [Int] {
        let (side, learned) = (size / vision.patchSize, vision.imageSize / vision.patchSize)
        let indices = (0 ..< side).map { $0 * learned / side }
        return indices.flatMap { row in indices.map { row * learned + $0 } }
    }
}

extension WeightNames {
    /// SmolVLM2, as on the Hub and in memory.
    static let smolVLM = WeightNames(
        siglip("model.vision_model.", "vision.")
            + [("model.connector.modality_projection.proj.weight", "connector.weight")]
            + causalLanguageModel("model.text_model.", head: "lm_head.weight", "language."),
        prefixes: [
            // A model without its head.
            ("vision_model.", "model.vision_model."),
            ("connector.", "model.connector."),
            ("text_model.", "model.text_model."),
        ]
    )
}
