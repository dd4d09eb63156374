internal import Foundation
internal import TextTokenizers
public import Torch

/// Prompts and pixels of a backbone that was trained on chats: a turn that holds an image a camera and the words.
///
/// A camera's image is one tile, as robots have it; larger pictures are not split.
public struct ChatProcessor: InputProcessor {
    /// Text around the words of a turn, and the normalization of pixels.
    struct Template {
        /// Text before the words, which ends in an added token.
        var images: String

        /// Text between images and words.
        var beforeWords = ""

        /// Text after the words.
        var afterWords: String

        /// Normalization of pixels.
        var pixels: PixelNormalization
    }

    /// Size of every camera's image: that of the vision encoder.
    public let imageSizes: [ImageSize]

    /// Number of bins of a state value.
    public let stateBins: Int

    private let tokenizer: TextTokenizer
    private let template: Template
    private let images: [Int]

    /// Reads the text tokenizer in `folder`.
    ///
    /// - Parameters:
    ///   - folder: Folder of the published model.
    ///   - template: Text of a turn.
    ///   - imageToken: Token id that image tokens take the place of.
    ///   - imageTokenCount: Number of them in an image.
    ///   - imageSize: Rows and columns of an image.
    ///   - settings: The robot's cameras and state.
    /// - Throws: The errors of text tokenizers, and ``PretrainedError`` for a tokenizer that is not the model's.
    init(
        _ folder: URL,
        _ template: Template,
        imageToken: Int,
        imageTokenCount: Int,
        imageSize: Int,
        _ settings: ProcessorSettings
    ) throws {
        tokenizer = try TextTokenizer(folder: folder)
        self.template = template
        stateBins = settings.stateBins
        imageSizes = (0 ..< settings.cameraCount).map { _ in ImageSize(height: imageSize, width: imageSize) }
        images = try tokenizer.imageTokens(
            template.images,
            placeholder: imageToken,
            count: imageTokenCount * settings.cameraCount,
            folder: folder
        )
    }

    /// The prompt of an observation.
    public func tokens(instruction: String, state: [Int]) throws -> [Int] {
        let words = RobotPrompt.text(instruction: instruction, state: state)
        let turn = template.beforeWords + words + template.afterWords
        return images + (try tokenizer.encoded(turn, addsSpecialTokens: false))
    }

    /// Encodes a batch.
    public func callAsFunction(_ observations: ObservationBatch, device: Device) -> PrefixInput {
        let (tokens, mask) = observations.paddedTokens(with: tokenizer.roles.padding ?? 0, on: device)
        return PrefixInput(
            images: observations.pixels(imageSizes, template.pixels, on: device),
            tokens: tokens,
            tokenMask: mask,
            hasImage: observations.imageMask(on: device)
        )
    }
}
