public import Foundation
public import RobotTypes

/// Images of InternVL: cut into tiles of one size, in the grid whose aspect ratio is nearest, with the whole image as another tile.
///
/// Source: `GotOcr2ImageProcessor` and `InternVLProcessor` of `transformers`, with Pillow as the back end.
public struct InternVLImageProcessor: ImageProcessor, Equatable {
    /// Columns of a tile.
    public let width: Int

    /// Rows of a tile.
    public let height: Int

    /// Number of tokens of a tile.
    public var tileTokenCount: Int

    /// Tiles that an image is cut into at least, the whole image not counted.
    public var minimumTiles: Int

    /// Tiles that an image is cut into at most, the whole image not counted; 1 leaves images whole.
    public var maximumTiles: Int

    private let filter: ResamplingFilter

    /// Describes a processor of images that have the size of a tile already.
    public init(side: Int, tileTokenCount: Int) {
        (width, height, self.tileTokenCount) = (side, side, tileTokenCount)
        (minimumTiles, maximumTiles, filter) = (1, 1, .bicubic)
    }

    /// Reads the processor of a model's folder.
    ///
    /// - Throws: ``ImageProcessingError`` that names file and key.
    public init(folder: URL) throws(ImageProcessingError) {
        let files = try ImageProcessorFiles(folder: folder)
        let settings = files.settings
        try files.requireResizing()
        height = try files.positive("size.height", settings.size?.height, default: 384)
        width = try files.positive("size.width", settings.size?.width, default: 384)
        tileTokenCount = files.tokenCount ?? 256
        minimumTiles = try files.positive("min_patches", settings.minimumPatches, default: 1)
        maximumTiles = try files.positive("max_patches", settings.maximumPatches, default: 12)
        filter = try files.filter(default: .bicubic)
    }

    /// Rows and columns of tiles of an image.
    ///
    /// The nearest aspect ratio wins; a tie goes to the larger grid if the image has more than half of its pixels.
    public func grid(height: Int, width: Int) -> (rows: Int, columns: Int) {
        let ratio = Double(width) / Double(height)
        let candidates = (1 ... max(1, maximumTiles)).flatMap { columns in
            (1 ... max(1, maximumTiles)).map { (rows: $0, columns: columns) }
        }
        let allowed = candidates.filter {
            minimumTiles <= $0.rows * $0.columns && $0.rows * $0.columns <= maximumTiles
        }
        var best = (rows: 1, columns: 1)
        var smallest = Double.infinity
        for grid in allowed.enumerated().sorted(by: Self.isSmaller).map(\.element) {
            let difference = abs(ratio - Double(grid.columns) / Double(grid.rows))
            let tilePixels = self.height * self.width * grid.rows * grid.columns
            if difference < smallest {
                (smallest, best) = (difference, grid)
            } else if difference == smallest, Double(height * width) > 0.5 * Double(tilePixels) {
                best = grid
            }
        }
        return best
    }

    /// The order of grids by their number of tiles, which leaves others in the order they are in.
    private static func isSmaller(
        _ left: (offset: Int, element: (rows: Int, columns: Int)),
        _ right: (offset: Int, element: (rows: Int, columns: Int))
    ) -> Bool {
        let (a, b) = (left.element.rows * left.element.columns, right.element.rows * right.element.columns)
        return a == b ? left.offset < right.offset : a < b
    }

    /// The tiles of images of a size.
    public func tiling(height: Int, width: Int) -> Tiling {
        let grid = maximumTiles > 1 ? grid(height: height, width: width) : (rows: 1, columns: 1)
        let isCut = grid.rows * grid.columns > 1
        return Tiling(
            rows: isCut ? grid.rows : 0,
            columns: isCut ? grid.columns : 0,
            height: self.height,
            width: self.width
        )
    }

    /// The tiles of an image from the top left, and the whole image.
    public func tiles(of image: Image) -> [Image] {
        let tiling = tiling(height: image.height, width: image.width)
        let whole = image.resized(width: width, height: height, filter: filter)
        guard tiling.count > 1 else { return [whole] }
        let scaled = image.resized(
            width: width * tiling.columns,
            height: height * tiling.rows,
            filter: filter
        )
        return tiling.parts(of: scaled) + [whole]
    }

    /// Number of tokens of an image, those around it not counted.
    public func tokenCount(of tiling: Tiling) -> Int { tileTokenCount * tiling.count }

    /// Placeholders of an image in a prompt.
    public func placeholder(of tiling: Tiling) -> String {
        "<img>" + String(repeating: "<IMG_CONTEXT>", count: tokenCount(of: tiling)) + "</img>"
    }
}
