/// Rows and columns of an image that is scaled into another size without a change of proportions, and its black borders, as openpi's
/// `resize_with_pad` positions it.
public struct Letterbox: Sendable {
    /// Rows and columns with the borders.
    public let size: (height: Int, width: Int)

    /// Rows of the scaled image.
    public let height: Int

    /// Columns of the scaled image.
    public let width: Int

    /// Rows above the scaled image.
    public let top: Int

    /// Columns left of the scaled image.
    public let left: Int

    /// Scales an image of `recorded` height and width into one of `size`.
    public init(_ recorded: (height: Int, width: Int), in size: (height: Int, width: Int)) {
        self.size = size
        let ratio = max(
            Double(recorded.width) / Double(size.width),
            Double(recorded.height) / Double(size.height)
        )
        height = max(1, Int(Double(recorded.height) / ratio))
        width = max(1, Int(Double(recorded.width) / ratio))
        top = (size.height - height) / 2
        left = (size.width - width) / 2
    }
}
