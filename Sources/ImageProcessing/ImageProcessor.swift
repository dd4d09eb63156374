public import RobotTypes

/// Image processor of a published model: the tiles that its vision encoder reads, as bytes.
///
/// The mean and standard deviation of pixels are a matter of whoever has them on the network's device.
public protocol ImageProcessor: Sendable {
    /// The tiles that images of a size become.
    ///
    /// - Parameters:
    ///   - height: Rows of the image.
    ///   - width: Columns of the image.
    /// - Returns: Number and size of the tiles; all images of one size have the same.
    /// - Throws: ``ImageProcessingError`` for a size that the model cannot read.
    func tiling(height: Int, width: Int) throws(ImageProcessingError) -> Tiling

    /// The tiles of an image, from the top left, the whole image last.
    ///
    /// - Throws: ``ImageProcessingError`` for a size that the model cannot read.
    func tiles(of image: Image) throws(ImageProcessingError) -> [Image]

    /// Number of tokens of an image, those around its tiles not counted.
    func tokenCount(of tiling: Tiling) -> Int

    /// Placeholders of an image in a prompt, with what stands around them.
    func placeholder(of tiling: Tiling) -> String
}

/// The tiles of an image, all of one size: a grid of parts and the whole image, or the whole image alone.
public struct Tiling: Equatable, Sendable {
    /// Rows of parts; 0 for an image that is not cut.
    public let rows: Int

    /// Columns of parts; 0 for an image that is not cut.
    public let columns: Int

    /// Rows of pixels of a tile.
    public let height: Int

    /// Columns of pixels of a tile.
    public let width: Int

    /// Number of tiles.
    public var count: Int { rows * columns + 1 }

    /// Describes the tiles of an image; without rows and columns of one that is not cut.
    init(rows: Int = 0, columns: Int = 0, height: Int, width: Int) {
        (self.rows, self.columns, self.height, self.width) = (rows, columns, height, width)
    }

    /// The parts of `image`, which has the size of the grid, row by row.
    func parts(of image: Image) -> [Image] {
        (0 ..< rows * columns).map { index in
            image.part(row: index / columns * height, column: index % columns * width, height, width)
        }
    }
}

extension Image {
    /// The part of `height` rows and `width` columns from a pixel on.
    fileprivate func part(row: Int, column: Int, _ height: Int, _ width: Int) -> Image {
        var part: [UInt8] = []
        part.reserveCapacity(height * width * 3)
        for row in row ..< row + height {
            let start = (row * self.width + column) * 3
            part += pixels[start ..< start + width * 3]
        }
        return Image(width: width, height: height, pixels: part)
    }
}
