public import NN
public import Torch

// Axes in this file
//   B  batch      N  images      P  patches of an image      L  tokens of a prompt

/// SmolVLM2 (arXiv 2504.05299): SigLIP's patches, joined by pixel shuffle and projected by one linear layer, among the words
/// of a Llama decoder.
public struct SmolVLM: PretrainedBackbone {
    /// `smolvlm`.
    public static let modelTypes = ["smolvlm"]

    /// Names on the Hub.
    public static let weightNames = WeightNames.smolVLM

    /// The architecture.
    public let configuration: Configuration

    private let vision: SiglipEncoder
    private let connector: Linear
    private let language: CausalLanguageModel

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
        let images = input.images.map { connected(patches($0)) }
        return language.prefix(of: input, images: images, placeholder: configuration.imageToken)
    }

    /// Embeddings of words, int64 `[B, L]`: `[B, L, width]`.
    public func embeddings(ofWords tokens: Tensor) -> Tensor { language.embeddings(ofWords: tokens) }

    /// Scores of every token of the vocabulary, `[B, L, vocabulary]`.
    public func logits(of features: Tensor) -> Tensor { language.logits(of: features) }

    /// One forward over whole prompts and the text after them.
    public func trace(_ input: PrefixInput, record: (_ name: String, _ tensor: Tensor) -> Void) {
        let images = input.images.map { pixels in
            let patches = patches(pixels)
            record("vision", patches)
            let connected = connected(patches)
            record("projector", connected)
            return connected
        }
        language.trace(input, images: images, placeholder: configuration.imageToken, record: record)
    }

    /// Patches of images, `[N, P, channels]`.
    private func patches(_ pixels: Tensor) -> Tensor {
        let positions = configuration.positions(ofImage: pixels.size(2))
        return vision(pixels, positions: Tensor(positions, shape: [positions.count], device: pixels.device))
    }

    /// Image tokens, `[N, P / patchesPerSide², width]`.
    private func connected(_ patches: Tensor) -> Tensor {
        connector(patches.pixelShuffled(by: configuration.patchesPerSide))
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
