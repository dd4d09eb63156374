public import Foundation
internal import TextTokenizers
public import Torch

/// Prompts and pixels of InternVL: a turn of a chat that holds an image a camera and the words.
///
/// A camera's image is one tile, as robots have it; larger pictures are not split.
public struct InternVLProcessor: InputProcessor {
    /// Size of every camera's image: that of the vision encoder.
    public let imageSizes: [ImageSize]

    /// Number of bins of a state value.
    public let stateBins: Int

    private let tokenizer: TextTokenizer
    /// The turn before the words.
    private let images: [Int]

    /// Reads the text tokenizer in `folder`.
    init(_ folder: URL, _ configuration: InternVL.Configuration, _ settings: ProcessorSettings) throws {
        tokenizer = try TextTokenizer(folder: folder)
        stateBins = settings.stateBins
        let side = configuration.vision.imageSize
        imageSizes = (0 ..< settings.cameraCount).map { _ in ImageSize(height: side, width: side) }
        let image = String(repeating: "<IMG_CONTEXT>", count: configuration.imageTokenCount)
        let framed = Array(repeating: "<img>\(image)</img>", count: settings.cameraCount)
        images = try tokenizer.imageTokens(
            "<|im_start|>user\n" + framed.joined(separator: "\n"),
            placeholder: configuration.imageToken,
            count: configuration.imageTokenCount * settings.cameraCount,
            folder: folder
        )
    }

    /// The prompt of an observation.
    public func tokens(instruction: String, state: [Int]) throws -> [Int] {
        let words = RobotPrompt.text(instruction: instruction, state: state)
        let turn = "\n\(words)<|im_end|>\n<|im_start|>assistant\n"
        return images + (try tokenizer.encoded(turn, addsSpecialTokens: false))
    }

    /// Encodes a batch; pixels are normalized by the mean and standard deviation of ImageNet.
    public func callAsFunction(_ observations: ObservationBatch, device: Device) -> PrefixInput {
        let (tokens, mask) = observations.paddedTokens(with: tokenizer.roles.padding ?? 0, on: device)
        let mean = Tensor([0.485, 0.456, 0.406] as [Float], shape: [1, 3, 1, 1], device: device)
        let deviation = Tensor([0.229, 0.224, 0.225] as [Float], shape: [1, 3, 1, 1], device: device)
        return PrefixInput(
            images: observations.images(imageSizes, on: device).map {
                ($0.permuted(0, 3, 1, 2).to(.float32) / 255 - mean) / deviation
            },
            tokens: tokens,
            tokenMask: mask,
            hasImage: observations.imageMask(on: device)
        )
    }
}

extension InternVL {
    /// Observations as its inputs.
    public static func makeProcessor(
        _ folder: URL,
        _ configuration: Configuration,
        _ settings: ProcessorSettings
    ) throws -> any InputProcessor {
        try InternVLProcessor(folder, configuration, settings)
    }
}
