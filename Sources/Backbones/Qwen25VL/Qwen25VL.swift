public import NN
public import Torch

// Axes in this file
//   N  patches of all images      C  cells of patches that become tokens

/// Qwen2.5-VL (arXiv 2502.13923): images of any size as tokens among the words of a Qwen2.5 decoder, with positions by time,
/// row and column.
public struct Qwen25VL: CausalVisionLanguageModel {
    /// `qwen2_5_vl`.
    public static let modelTypes = ["qwen2_5_vl"]

    /// Names on the Hub, and those in memory.
    public static func weightNames(_: PublishedConfiguration) -> WeightNames { .qwen25VL }

    /// The architecture.
    public let configuration: Configuration

    private let vision: Qwen25VisionEncoder
    /// The decoder, with its token embedding and output head.
    public let language: CausalLanguageModel

    /// Creates a network with random weights from libtorch's generator.
    public init(_ configuration: Configuration, device: Device) {
        self.configuration = configuration
        vision = Qwen25VisionEncoder(configuration.vision, device: device)
        language = CausalLanguageModel(configuration.language, device: device)
    }

    /// Features of patches, `[1, N, channels]`, window by window, of the flattened, normalized patches of all images one after
    /// the other, `[N, channels · frames · height · width]`, with the patches of a cell beside each other.
    public func visionFeatures(of pixels: Tensor, grids: [ImageGrid]) -> Tensor {
        vision.features(of: pixels, vision.order(of: grids)).unsqueezed(0)
    }

    /// Image tokens, `[1, C, width]`, image by image, row by row.
    public func imageTokens(of features: Tensor, grids: [ImageGrid]) -> Tensor {
        vision.tokens(of: features.squeezed(0), vision.order(of: grids)).unsqueezed(0)
    }

    /// Positions by time, row and column.
    public func layout(of input: PrefixInput, images _: [Tensor]) -> PromptLayout {
        PromptLayout(input, placeholder: configuration.imageToken, mergeSize: configuration.vision.mergeSize)
    }
}
