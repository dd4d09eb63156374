public import Foundation
internal import ImageProcessing
internal import TextTokenizers
public import Torch

/// Prompts and pixels of PaliGemma: a placeholder for every patch of every camera's image, the beginning of a text, the words.
public struct PaliGemmaProcessor: InputProcessor {
    /// Size of every camera's image.
    public var imageSizes: [ImageSize] { cameras.sizes }

    /// Number of bins of a state value.
    public let stateBins: Int

    private let tokenizer: TextTokenizer
    private let beginning: Int
    private let placeholders: [Int]
    private let imageToken: Int
    private let rows: Int
    private let cameras: CameraImages

    /// Reads text tokenizer and image processor in `folder`.
    init(_ folder: URL, _ configuration: PaliGemma.Configuration, _ settings: ProcessorSettings) throws {
        tokenizer = try TextTokenizer(folder: folder)
        guard let beginning = tokenizer.roles.beginning else {
            throw PretrainedError(file: folder.path, reason: "the tokenizer has no token that begins a text")
        }
        self.beginning = beginning
        stateBins = settings.stateBins
        let side = configuration.vision.imageSize
        let count = configuration.vision.patchCount
        cameras = try CameraImages(
            folder,
            settings,
            side: side,
            default: .half,
            whole: PaliGemmaImageProcessor(side: side, tokenCount: count),
            published: { try PaliGemmaImageProcessor(folder: $0) }
        )
        try cameras.requireTiles(side: side, folder: folder)
        placeholders = Array(repeating: configuration.imageToken, count: count * settings.cameraCount)
        (imageToken, rows) = (configuration.imageToken, configuration.vocabularySize)
    }

    /// The prompt of an observation.
    ///
    /// - Throws: ``PromptError`` for an instruction that spells an image's token; the errors of text tokenizers.
    public func tokens(instruction: String, state: [Int]) throws -> [Int] {
        let words = try tokenizer.encoded(
            RobotPrompt.text(instruction: instruction, state: state),
            addsSpecialTokens: false
        )
        try PromptError.check(
            words,
            placeholder: imageToken,
            rows: rows,
            spelling: tokenizer.spelling(of:)
        )
        return placeholders + [beginning] + words
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

extension PaliGemma {
    /// Observations as its inputs.
    public static func makeProcessor(
        _ folder: URL,
        _ configuration: Configuration,
        _ settings: ProcessorSettings
    ) throws -> any InputProcessor {
        try PaliGemmaProcessor(folder, configuration, settings)
    }
}
