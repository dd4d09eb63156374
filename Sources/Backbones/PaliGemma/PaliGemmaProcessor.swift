public import Foundation
internal import TextTokenizers
public import Torch

/// Prompts and pixels of PaliGemma: a placeholder for every patch of every camera's image, the beginning of a text, the words.
public struct PaliGemmaProcessor: InputProcessor {
    /// Size of every camera's image: that of the vision encoder.
    public let imageSizes: [ImageSize]

    /// Number of bins of a state value.
    public let stateBins: Int

    private let tokenizer: TextTokenizer
    private let beginning: Int
    private let placeholders: [Int]
    private let imageToken: Int
    private let rows: Int
    private let pixels: PixelNormalization

    /// Reads the text tokenizer in `folder`, and the normalization of its image processor.
    init(_ folder: URL, _ configuration: PaliGemma.Configuration, _ settings: ProcessorSettings) throws {
        tokenizer = try TextTokenizer(folder: folder)
        pixels = try PixelNormalization(of: folder, default: .half)
        guard let beginning = tokenizer.roles.beginning else {
            throw PretrainedError(file: folder.path, reason: "the tokenizer has no token that begins a text")
        }
        self.beginning = beginning
        stateBins = settings.stateBins
        let side = configuration.vision.imageSize
        imageSizes = (0 ..< settings.cameraCount).map { _ in ImageSize(height: side, width: side) }
        let count = configuration.vision.patchCount * settings.cameraCount
        placeholders = Array(repeating: configuration.imageToken, count: count)
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

    /// Encodes a batch.
    public func callAsFunction(_ observations: ObservationBatch, device: Device) -> PrefixInput {
        observations.input(
            observations.pixels(imageSizes, pixels, on: device),
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
