/// Image positions in an image that is scaled into another size with black borders, as `Image.resizedWithPadding` scales it.
struct Letterbox: Equatable, Sendable {
    /// Factors and summands of positions, -1 to 1 from edge to edge, right and down.
    private let scale: [Float]
    private let offset: [Float]

    /// Scales images of `recorded` height and width into those of `size`.
    init(_ recorded: (height: Int, width: Int), in size: (height: Int, width: Int)) {
        let ratio = max(
            Double(recorded.width) / Double(size.width),
            Double(recorded.height) / Double(size.height)
        )
        let axes = [(recorded.width, size.width), (recorded.height, size.height)].map { recorded, size in
            let scaled = max(1, Int(Double(recorded) / ratio))
            let border = (size - scaled) / 2
            return (scale: Float(scaled) / Float(size), offset: Float(2 * border + scaled) / Float(size) - 1)
        }
        (scale, offset) = (axes.map(\.scale), axes.map(\.offset))
    }

    /// The positions in the scaled image of those in the recorded one, `[n, 2]`, right and down; what lies outside stays outside.
    func positions(_ recorded: [Float]) -> [Float] {
        recorded.enumerated().map { index, position in
            abs(position) < 1 ? position * scale[index % 2] + offset[index % 2] : position
        }
    }
}
