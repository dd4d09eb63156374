public import Foundation
public import RobotTypes

/// Images of SmolVLM: enlarged or reduced to one longest side, cut into square tiles, with the whole image as the last tile.
///
/// Source: `SmolVLMImageProcessor` and `SmolVLMProcessor` of `transformers`, with Pillow as the back end.
public struct SmolVLMImageProcessor: Equatable, Sendable {
    /// The tiles of an image.
    public struct Tiles: Equatable, Sendable {
        /// Tiles `[tiles, 3, tileSize, tileSize]`.
        public let tiles: ImageTensor

        /// Rows of tiles; 0 for an image that is not cut.
        public let rows: Int

        /// Columns of tiles; 0 for an image that is not cut.
        public let columns: Int
    }

    /// The tiles of a batch of prompts, each with its images one after the other.
    public struct Batch: Equatable, Sendable {
        /// Tiles `[prompts, tiles, 3, tileSize, tileSize]`; zeros where a prompt has fewer than another.
        public let tiles: ImageTensor

        /// True for real pixels, `[prompts, tiles, tileSize, tileSize]`.
        public let mask: [Bool]
    }

    /// The longest side that `transformers` enlarges images to, in pixels.
    private static let largestSide = 4096

    /// Sides of a tile, in pixels.
    public let tileSize: Int

    /// Number of tokens of a tile.
    public let tileTokenCount: Int

    /// The longest side of a scaled image, in pixels.
    public var longestSide: Int

    /// False leaves images whole, scaled to one tile without keeping the aspect ratio.
    public var splitsImages: Bool

    private let filter: ResamplingFilter
    private let normalization: PixelNormalization

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
        normalization = files.normalization(mean: PixelStatistics.half, deviation: PixelStatistics.half)
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

    /// The tiles of an image.
    public func callAsFunction(_ image: Image) -> Tiles {
        let size = scaledSize(height: image.height, width: image.width)
        var scaled = image.resized(width: size.width, height: size.height, filter: filter)
        if splitsImages {
            let size = tiledSize(height: scaled.height, width: scaled.width)
            scaled = scaled.resized(width: size.width, height: size.height, filter: filter)
        }
        let isCut = splitsImages && (scaled.height > tileSize || scaled.width > tileSize)
        let (rows, columns) = isCut ? (scaled.height / tileSize, scaled.width / tileSize) : (0, 0)
        var values: [Float] = []
        values.reserveCapacity((rows * columns + 1) * 3 * tileSize * tileSize)
        for row in 0 ..< rows {
            for column in 0 ..< columns {
                normalization.append(
                    scaled,
                    columns: column * tileSize ..< (column + 1) * tileSize,
                    rows: row * tileSize ..< (row + 1) * tileSize,
                    to: &values
                )
            }
        }
        let whole = scaled.resized(width: tileSize, height: tileSize, filter: filter)
        values += normalization.pixels(of: whole).values
        let shape = [rows * columns + 1, 3, tileSize, tileSize]
        return Tiles(tiles: ImageTensor(shape: shape, values: values), rows: rows, columns: columns)
    }

    /// The tiles of several prompts in one tensor.
    public func batch(_ prompts: [[Tiles]]) -> Batch {
        let counts = prompts.map { images in images.reduce(0) { $0 + $1.tiles.shape[0] } }
        let count = counts.max() ?? 0
        let area = tileSize * tileSize
        var values: [Float] = []
        values.reserveCapacity(prompts.count * count * 3 * area)
        var mask: [Bool] = []
        mask.reserveCapacity(prompts.count * count * area)
        for (images, own) in zip(prompts, counts) {
            for image in images { values += image.tiles.values }
            values += repeatElement(0, count: (count - own) * 3 * area)
            mask += repeatElement(true, count: own * area)
            mask += repeatElement(false, count: (count - own) * area)
        }
        let shape = [prompts.count, count, 3, tileSize, tileSize]
        return Batch(tiles: ImageTensor(shape: shape, values: values), mask: mask)
    }

    /// Number of tokens of an image, those around its tiles not counted.
    public func tokenCount(of image: Tiles) -> Int { tileTokenCount * image.tiles.shape[0] }

    /// Placeholders of an image in a prompt: its tiles, each with its row and column, then the whole image.
    public func placeholder(of image: Tiles) -> String {
        let around = "<fake_token_around_image>"
        let tile = String(repeating: "<image>", count: tileTokenCount)
        var text = ""
        for row in 0 ..< image.rows {
            for column in 0 ..< image.columns {
                text += "\(around)<row_\(row + 1)_col_\(column + 1)>\(tile)"
            }
            text += "\n"
        }
        if image.rows > 0 { text += "\n" }
        return text + "\(around)<global-img>\(tile)\(around)"
    }
}
