public import Foundation
public import RobotTypes

/// Images of SmolVLM: enlarged or reduced to one longest side, cut into square tiles, with the whole image as the last tile.
///
/// Source: `SmolVLMImageProcessor` and `SmolVLMProcessor` of `transformers`, with Pillow as the back end.
public struct SmolVLMImageProcessor: ImageProcessor, Equatable {
    /// The longest side that `transformers` enlarges images to, in pixels.
    private static let largestSide = 4096

    /// Sides of a tile, in pixels.
    public let tileSize: Int

    /// Number of tokens of a tile.
    public var tileTokenCount: Int

    /// The longest side of a scaled image, in pixels.
    public var longestSide: Int

    /// False leaves images whole, scaled to one tile without keeping the aspect ratio.
    public var splitsImages: Bool

    private let filter: ResamplingFilter

    /// Describes a processor of images that have the size of a tile already.
    public init(tileSize: Int, tileTokenCount: Int) {
        (self.tileSize, self.tileTokenCount) = (tileSize, tileTokenCount)
        (longestSide, splitsImages, filter) = (tileSize, false, .lanczos)
    }

    /// Reads the processor of a model's folder.
    ///
    /// - Throws: ``ImageProcessingError`` that names file and key.
    public init(folder: URL) throws(ImageProcessingError) {
        let files = try ImageProcessorFiles(folder: folder)
        let settings = files.settings
        try files.requireResizing()
        tileSize = try files.positive(
            "max_image_size.longest_edge",
            settings.maximumImageSize?.longestEdge,
            default: 364
        )
        longestSide = try files.positive("size.longest_edge", settings.size?.longestEdge, default: 4 * 364)
        tileTokenCount = files.tokenCount ?? 169
        splitsImages = settings.splitsImages ?? true
        filter = try files.filter(default: .lanczos)
    }

    /// Rows and columns of pixels once the longest side has its length; the other one is even.
    private func scaledSize(height: Int, width: Int) -> (height: Int, width: Int) {
        let ratio = Double(width) / Double(height)
        let isWide = width >= height
        var shorter = isWide ? Int(Double(longestSide) / ratio) : Int(Double(longestSide) * ratio)
        shorter = max(1, shorter + shorter % 2)
        return limited(isWide ? (shorter, longestSide) : (longestSide, shorter))
    }

    private func limited(_ size: (height: Int, width: Int)) -> (height: Int, width: Int) {
        let ratio = Double(size.width) / Double(size.height)
        let side = Self.largestSide
        if size.width >= size.height, size.width > side { return (max(1, Int(Double(side) / ratio)), side) }
        if size.height > size.width, size.height > side { return (side, max(1, Int(Double(side) * ratio))) }
        return size
    }

    /// Rows and columns of pixels in whole tiles.
    private func tiledSize(height: Int, width: Int) -> (height: Int, width: Int) {
        func whole(_ side: Int) -> Int { max(1, (side + tileSize - 1) / tileSize) * tileSize }
        let ratio = Double(width) / Double(height)
        if width >= height {
            let wide = whole(width)
            return (whole(Int(Double(wide) / ratio)), wide)
        }
        let high = whole(height)
        return (high, whole(Int(Double(high) * ratio)))
    }

    /// The tiles of images of a size.
    public func tiling(height: Int, width: Int) -> Tiling {
        let scaled = scaledSize(height: height, width: width)
        let size = tiledSize(height: scaled.height, width: scaled.width)
        let isCut = splitsImages && (size.height > tileSize || size.width > tileSize)
        return Tiling(
            rows: isCut ? size.height / tileSize : 0,
            columns: isCut ? size.width / tileSize : 0,
            height: tileSize,
            width: tileSize
        )
    }

    /// The tiles of an image from the top left, and the whole image.
    public func tiles(of image: Image) -> [Image] {
        let size = scaledSize(height: image.height, width: image.width)
        var scaled = image.resized(width: size.width, height: size.height, filter: filter)
        if splitsImages {
            let size = tiledSize(height: scaled.height, width: scaled.width)
            scaled = scaled.resized(width: size.width, height: size.height, filter: filter)
        }
        let parts = tiling(height: image.height, width: image.width).parts(of: scaled)
        return parts + [scaled.resized(width: tileSize, height: tileSize, filter: filter)]
    }

    /// Number of tokens of an image, those around its tiles not counted.
    public func tokenCount(of tiling: Tiling) -> Int { tileTokenCount * tiling.count }

    /// Placeholders of an image in a prompt: its tiles, each with its row and column, then the whole image.
    public func placeholder(of tiling: Tiling) -> String {
        let around = "<fake_token_around_image>"
        let tile = String(repeating: "<image>", count: tileTokenCount)
        var text = ""
        for row in 0 ..< tiling.rows {
            for column in 0 ..< tiling.columns {
                text += "\(around)<row_\(row + 1)_col_\(column + 1)>\(tile)"
            }
            text += "\n"
        }
        if tiling.rows > 0 { text += "\n" }
        return text + "\(around)<global-img>\(tile)\(around)"
    }
}
