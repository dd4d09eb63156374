public import Foundation
public import RobotTypes

/// Images of PaliGemma: scaled to a square, or to whatever size the folder names, without keeping the aspect ratio.
///
/// Source: `SiglipImageProcessor` and `PaliGemmaProcessor` of `transformers`, with Pillow as the back end.
public struct PaliGemmaImageProcessor: Equatable, Sendable {
    /// Columns of the scaled image.
    public let width: Int

    /// Rows of the scaled image.
    public let height: Int

    /// Number of tokens of an image.
    public let tokenCount: Int

    /// True if images keep their aspect ratio and are padded with black, bilinearly scaled, as openpi's policies read them.
    public var padsImages = false

    private let filter: ResamplingFilter
    private let normalization: PixelNormalization

    /// Reads the processor of a model's folder.
    ///
    /// - Throws: ``ImageProcessingError`` that names file and key.
    public init(folder: URL) throws(ImageProcessingError) {
        let files = try ImageProcessorFiles(folder: folder)
        try files.requireResizing()
        let size = files.settings.size
        height = try files.positive("size.height", size?.height, default: 224)
        width = try files.positive("size.width", size?.width, default: 224)
        guard let tokenCount = files.tokenCount else {
            throw files.error("image_seq_length", expected: "the number of tokens of an image", found: "none")
        }
        self.tokenCount = tokenCount
        filter = try files.filter(default: .bicubic)
        normalization = files.normalization(mean: PixelStatistics.half, deviation: PixelStatistics.half)
    }

    /// The pixels of an image, `[3, height, width]`.
    public func callAsFunction(_ image: Image) -> ImageTensor {
        let scaled =
            padsImages
            ? image.resizedWithPadding(width: width, height: height)
            : image.resized(width: width, height: height, filter: filter)
        return normalization.pixels(of: scaled)
    }

    /// A prompt about images: their placeholders, the beginning of the sequence, the text, and a line break.
    ///
    /// Its tokens are those of the whole, without other special tokens.
    public func prompt(_ text: String, imageCount: Int) -> String {
        String(repeating: "<image>", count: tokenCount * imageCount) + "<bos>" + text + "\n"
    }
}
