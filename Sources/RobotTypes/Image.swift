/// An 8-bit RGB image, rows from the top, channels last.
public struct Image: Equatable, Sendable {
    /// Number of columns.
    public let width: Int

    /// Number of rows.
    public let height: Int

    /// `[height, width, 3]`, row-major.
    public let pixels: [UInt8]

    /// Wraps `pixels`, `[height, width, 3]`.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(pixels.count == width * height * 3, "an RGB image needs width * height * 3 bytes")
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}
