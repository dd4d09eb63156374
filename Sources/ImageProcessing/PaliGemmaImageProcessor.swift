public import Foundation
public import RobotTypes

/// Images of PaliGemma: scaled to a square, or to whatever size the folder names, without keeping the aspect ratio.
///
/// Source: `SiglipImageProcessor` and `PaliGemmaProcessor` of `transformers`, with Pillow as the back end.
public struct PaliGemmaImageProcessor: ImageProcessor, Equatable {
    /// Columns of the scaled image.
    public let width: Int

    /// Rows of the scaled image.
    public let height: Int

    /// Number of tokens of an image.
    public let tokenCount: Int

    private let filter: ResamplingFilter

    /// Describes a processor of images that have its size already.
    public init(side: Int, tokenCount: Int) {
        (width, height, self.tokenCount, filter) = (side, side, tokenCount, .bicubic)
    }

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
    }

    /// One tile.
    public func tiling(height _: Int, width _: Int) -> Tiling { Tiling(height: height, width: width) }

    /// The scaled image.
    public func tiles(of image: Image) -> [Image] {
        [image.resized(width: width, height: height, filter: filter)]
    }

    /// Number of tokens of an image.
    public func tokenCount(of _: Tiling) -> Int { tokenCount }

    /// Placeholders of an image.
    public func placeholder(of _: Tiling) -> String { String(repeating: "<image>", count: tokenCount) }

    /// A prompt about images: their placeholders, the beginning of the sequence, the text, and a line break.
    ///
    /// Its tokens are those of the whole, without other special tokens.
    public func prompt(_ text: String, imageCount: Int) -> String {
        String(repeating: "<image>", count: tokenCount * imageCount) + "<bos>" + text + "\n"
    }
}
