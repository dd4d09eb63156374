internal import RobotTypes

/// The map from a byte of a pixel to what a vision encoder reads: `(byte * scale - mean) / deviation`.
public struct PixelNormalization: Equatable, Sendable {
    /// Values of the 256 bytes, for red, green and blue.
    private let tables: [[Float]]

    /// Creates a map, whose numbers are rounded as those of `transformers`.
    ///
    /// - Parameters:
    ///   - scale: Factor of bytes; nil leaves them as they are.
    ///   - mean: Means of red, green and blue; nil takes off nothing.
    ///   - deviation: Standard deviations of red, green and blue.
    public init(scale: Double? = 1 / 255, mean: [Double]?, deviation: [Double]) {
        tables = (0 ..< 3).map { channel in
            (0 ..< 256).map { byte in
                let value = Float(Double(byte) * (scale ?? 1))
                guard let mean else { return value }
                return (value - Float(mean[channel])) / Float(deviation[channel])
            }
        }
    }

    /// Appends one channel of a part of an image, `[rows, columns]`.
    func append(
        _ image: Image,
        _ channel: Int,
        columns: Range<Int>,
        rows: Range<Int>,
        to values: inout [Float]
    ) {
        tables[channel].withUnsafeBufferPointer { table in
            image.pixels.withUnsafeBufferPointer { pixels in
                for row in rows {
                    let start = (row * image.width + columns.lowerBound) * 3 + channel
                    for index in stride(from: start, to: start + columns.count * 3, by: 3) {
                        values.append(table[Int(pixels[index])])
                    }
                }
            }
        }
    }

    /// Appends a part of an image, `[3, rows, columns]`.
    func append(_ image: Image, columns: Range<Int>, rows: Range<Int>, to values: inout [Float]) {
        for channel in 0 ..< 3 { append(image, channel, columns: columns, rows: rows, to: &values) }
    }

    /// The pixels of an image, `[3, height, width]`.
    func pixels(of image: Image) -> ImageTensor {
        var values: [Float] = []
        values.reserveCapacity(image.pixels.count)
        append(image, columns: 0 ..< image.width, rows: 0 ..< image.height, to: &values)
        return ImageTensor(shape: [3, image.height, image.width], values: values)
    }
}
