internal import Foundation
internal import TextTokenizers
public import Torch

/// Prompts and pixels of a backbone that was trained on chats: a turn that holds an image a camera and the words.
public struct ChatProcessor: InputProcessor {
    /// Text around the words of a turn, and the images in it.
    public struct Turn: Sendable {
        /// Text before the words, which ends in an added token.
        var images: String

        /// Text between images and words.
        var beforeWords = ""

        /// Text after the words.
        var afterWords: String
    }

    /// Size of every camera's image.
    public var imageSizes: [ImageSize] { cameras.sizes }

    /// Number of bins of a state value.
    public let stateBins: Int

    private let tokenizer: TextTokenizer
    private let turn: Turn
    private let cameras: CameraImages
    private let images: [Int]
    private let placeholder: Int
    private let rows: Int

    /// Reads the text tokenizer in `folder`.
    ///
    /// - Parameters:
    ///   - folder: Folder of the published model.
    ///   - turn: Text of a turn.
    ///   - cameras: Images in it.
    ///   - imageToken: Token id that image tokens take the place of.
    ///   - rows: Rows of the network's token embedding.
    ///   - stateBins: Number of bins of a state value.
    /// - Throws: The errors of text tokenizers, and ``PretrainedError`` for a tokenizer that is not the model's.
    init(
        _ folder: URL,
        _ turn: Turn,
        _ cameras: CameraImages,
        imageToken: Int,
        rows: Int,
        stateBins: Int
    ) throws {
        tokenizer = try TextTokenizer(folder: folder)
        (self.turn, self.cameras, placeholder, self.rows) = (turn, cameras, imageToken, rows)
        self.stateBins = stateBins
        images = try tokenizer.imageTokens(
            turn.images,
            placeholder: imageToken,
            count: cameras.tokenCount,
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

    /// Tiles of images of a camera.
    public func tiles(of images: [UInt8], camera: Int) -> [UInt8] {
        cameras.tiles(of: images, camera: camera)
    }

    /// Encodes a batch.
    public func callAsFunction(_ observations: ObservationBatch, device: Device) -> PrefixInput {
        observations.input(
            cameras.pixels(of: observations.images, on: device),
            padding: tokenizer.roles.padding ?? 0,
            on: device
        )
    }
}
