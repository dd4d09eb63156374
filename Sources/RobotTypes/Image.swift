/// A picture as a camera delivers it: 8-bit RGB, rows from the top, channels last.
public struct Image: Equatable, Sendable {
    /// Columns.
    public let width: Int

    /// Rows.
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
