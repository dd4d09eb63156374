public import Foundation
internal import TextTokenizers
public import Torch

/// Prompts and pixels of SmolVLM2: a turn of a chat that holds an image a camera and the words.
///
/// A camera's image is one tile, as robots have it; larger pictures are not split.
public struct SmolVLMProcessor: InputProcessor {
    /// Size of every camera's image: that of the vision encoder.
    public let imageSizes: [ImageSize]

    /// Number of bins of a state value.
    public let stateBins: Int

    private let tokenizer: TextTokenizer
    /// The turn before the words.
    private let images: [Int]

    /// Reads the text tokenizer in `folder`.
    init(_ folder: URL, _ configuration: SmolVLM.Configuration, _ settings: ProcessorSettings) throws {
        tokenizer = try TextTokenizer(folder: folder)
        stateBins = settings.stateBins
        let side = configuration.vision.imageSize
        imageSizes = (0 ..< settings.cameraCount).map { _ in ImageSize(height: side, width: side) }
        let image = String(repeating: "<image>", count: configuration.imageTokenCount)
        let framed = "<fake_token_around_image><global-img>\(image)<fake_token_around_image>"
        images = try tokenizer.imageTokens(
            "<|im_start|>User:" + String(repeating: framed, count: settings.cameraCount),
            placeholder: configuration.imageToken,
            count: configuration.imageTokenCount * settings.cameraCount,
            folder: folder
        )
    }

    /// The prompt of an observation.
    public func tokens(instruction: String, state: [Int]) throws -> [Int] {
        let words = RobotPrompt.text(instruction: instruction, state: state)
        return images
            + (try tokenizer.encoded(words + "<end_of_utterance>\nAssistant:", addsSpecialTokens: false))
    }

    /// Encodes a batch; pixels lie between -1 and 1.
    public func callAsFunction(_ observations: ObservationBatch, device: Device) -> PrefixInput {
        let (tokens, mask) = observations.paddedTokens(with: tokenizer.roles.padding ?? 0, on: device)
        return PrefixInput(
            images: observations.images(imageSizes, on: device).map {
                ($0.permuted(0, 3, 1, 2).to(.float32) / 255 - 0.5) / 0.5
            },
            tokens: tokens,
            tokenMask: mask,
            hasImage: observations.imageMask(on: device)
        )
    }
}

extension SmolVLM {
    /// Observations as its inputs.
    public static func makeProcessor(
        _ folder: URL,
        _ configuration: Configuration,
        _ settings: ProcessorSettings
    ) throws -> any InputProcessor {
        try SmolVLMProcessor(folder, configuration, settings)
    }
}
