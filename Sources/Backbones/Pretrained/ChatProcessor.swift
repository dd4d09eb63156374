internal import Foundation
internal import TextTokenizers
public import Torch

/// Prompts and pixels of a backbone that was trained on chats: a turn that holds an image a camera and the words.
///
/// A camera's image is one tile, as robots have it; larger pictures are not split.
public struct ChatProcessor: InputProcessor {
    /// Text around the words of a turn, and the images in it.
    public struct Turn: Sendable {
        /// Text before the words, which ends in an added token.
        var images: String

        /// Text between images and words.
        var beforeWords = ""

        /// Text after the words.
        var afterWords: String

        /// Number of image tokens in ``images``.
        var imageTokenCount: Int

        /// Rows and columns of pixels of an image.
        var imageSize: Int

        /// Normalization of pixels where the model's folder has none.
        var pixels: PixelNormalization
    }

    /// Size of every camera's image: that of the vision encoder.
    public let imageSizes: [ImageSize]

    /// Number of bins of a state value.
    public let stateBins: Int

    private let tokenizer: TextTokenizer
    private let turn: Turn
    private let images: [Int]
    private let placeholder: Int
    private let rows: Int

    /// Reads the text tokenizer in `folder`, and the normalization of its image processor.
    ///
    /// - Parameters:
    ///   - folder: Folder of the published model.
    ///   - turn: Text of a turn.
    ///   - imageToken: Token id that image tokens take the place of.
    ///   - rows: Rows of the network's token embedding.
    ///   - settings: The robot's cameras and state.
    /// - Throws: The errors of text tokenizers, and ``PretrainedError`` for a tokenizer that is not the model's or settings of
    ///   images that are none.
    init(_ folder: URL, _ turn: Turn, imageToken: Int, rows: Int, _ settings: ProcessorSettings) throws {
        tokenizer = try TextTokenizer(folder: folder)
        var turn = turn
        turn.pixels = try PixelNormalization(of: folder, default: turn.pixels)
        (self.turn, placeholder, self.rows) = (turn, imageToken, rows)
        stateBins = settings.stateBins
        imageSizes = (0 ..< settings.cameraCount).map { _ in
            ImageSize(height: turn.imageSize, width: turn.imageSize)
        }
        images = try tokenizer.imageTokens(
            turn.images,
            placeholder: imageToken,
            count: turn.imageTokenCount,
            folder: folder
        )
    }

    /// The prompt of an observation.
    ///
    /// - Throws: ``PromptError`` for an instruction that spells an image's token; the errors of text tokenizers.
    public func tokens(instruction: String, state: [Int]) throws -> [Int] {
        let words = RobotPrompt.text(instruction: instruction, state: state)
        let text = turn.beforeWords + words + turn.afterWords
        let tokens = try tokenizer.encoded(text, addsSpecialTokens: false)
        try PromptError.check(
            tokens,
            placeholder: placeholder,
            rows: rows,
            spelling: tokenizer.spelling(of:)
        )
        return images + tokens
    }

    /// Encodes a batch.
    public func callAsFunction(_ observations: ObservationBatch, device: Device) -> PrefixInput {
        observations.input(
            observations.pixels(imageSizes, turn.pixels, on: device),
            padding: tokenizer.roles.padding ?? 0,
            on: device
        )
    }
}
