internal import Foundation

/// A filter that makes a pixel from its neighbours.
///
/// Source: Pillow's `Image.Resampling`, with the same numbers.
public enum ResamplingFilter: Int, Codable, Equatable, Sendable {
    /// Windowed sinc of three lobes.
    case lanczos = 1

    /// Triangle.
    case bilinear = 2

    /// Cubic convolution, a = -0.5.
    case bicubic = 3

    /// Distance from the centre, in source pixels without scaling, where the filter ends.
    var support: Double {
        switch self {
        case .lanczos: 3
        case .bilinear: 1
        case .bicubic: 2
        }
    }

    /// The filter's value at a distance from the centre.
    func callAsFunction(_ distance: Double) -> Double {
        switch self {
        case .lanczos:
            return -3 <= distance && distance < 3 ? Self.sinc(distance) * Self.sinc(distance / 3) : 0
        case .bilinear: return max(0, 1 - abs(distance))
        case .bicubic:
            let (x, a) = (abs(distance), -0.5)
            if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
        }
    }

    private static func sinc(_ x: Double) -> Double {
        x == 0 ? 1 : sin(x * .pi) / (x * .pi)
    }
}

extension Image {
    /// The image in another size, its aspect ratio not kept.
    ///
    /// Columns and rows are scaled one after the other, rounded to bytes in between; the result is that of Pillow 13, to the bit.
    /// When shrinking, the filter widens with the factor, so that every source pixel counts.
    ///
    /// - Parameters:
    ///   - width: Columns.
    ///   - height: Rows.
    ///   - filter: The filter.
    /// - Returns: The scaled image.
    public func resized(width: Int, height: Int, filter: ResamplingFilter) -> Image {
        // Pillow's order since version 13; earlier ones scale columns first always.
        let rowsFirst = height < self.height && self.height - height > 2 * (self.width - width)
        return rowsFirst
            ? scaled(height: height, filter).scaled(width: width, filter)
            : scaled(width: width, filter).scaled(height: height, filter)
    }

    private func scaled(width: Int, _ filter: ResamplingFilter) -> Image {
        if width == self.width { return self }
        let taps = Taps(from: self.width, to: width, filter)
        return Image(width: width, height: height, pixels: taps.scaledColumns(of: pixels, rows: height))
    }

    private func scaled(height: Int, _ filter: ResamplingFilter) -> Image {
        if height == self.height { return self }
        let taps = Taps(from: self.height, to: height, filter)
        return Image(width: width, height: height, pixels: taps.scaledRows(of: pixels, rowLength: width * 3))
    }
}

/// The weighted neighbours of every pixel of a scaled row or column.
private struct Taps {
    /// Fixed-point scale of the weights; a byte times a weight stays within 32 bits.
    static let precision: Int32 = 22
    static let half: Int32 = 1 << (precision - 1)

    let sourceCount: Int
    let count: Int

    /// Index of the first neighbour of every pixel.
    private var firsts: [Int] = []

    /// Number of neighbours of every pixel.
    private var lengths: [Int] = []

    /// Weights of all pixels, one after the other; those of a pixel sum to about `1 << precision`.
    private var weights: [Int32] = []

    init(from sourceCount: Int, to count: Int, _ filter: ResamplingFilter) {
        self.sourceCount = sourceCount
        self.count = count
        let scale = Double(sourceCount) / Double(count)
        let widening = max(scale, 1)
        let reach = filter.support * widening
        for target in 0 ..< count {
            let center = (Double(target) + 0.5) * scale
            let first = max(0, Int(center - reach + 0.5))
            let end = min(sourceCount, Int(center + reach + 0.5))
            let values = (first ..< end).map { filter((Double($0) - center + 0.5) * (1 / widening)) }
            let sum = values.reduce(0, +)
            firsts.append(first)
            lengths.append(end - first)
            for value in values {
                let share = sum == 0 ? value : value / sum
                weights.append(Int32((share * Double(1 << Self.precision)).rounded(.toNearestOrAwayFromZero)))
            }
        }
    }

    /// Rows of RGB pixels, each scaled from `sourceCount` to `count` columns.
    func scaledColumns(of pixels: [UInt8], rows: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: rows * count * 3) { target, written in
            written = rows * count * 3
            guard var output = target.baseAddress else { return }
            pixels.withUnsafeBufferPointer { source in
                weights.withUnsafeBufferPointer { weights in
                    guard var row = source.baseAddress, let weights = weights.baseAddress else { return }
                    for _ in 0 ..< rows {
                        var weight = weights
                        for index in 0 ..< count {
                            var input = row + firsts[index] * 3
                            var (red, green, blue) = (Self.half, Self.half, Self.half)
                            for _ in 0 ..< lengths[index] {
                                let factor = weight.pointee
                                red &+= Int32(input[0]) &* factor
                                green &+= Int32(input[1]) &* factor
                                blue &+= Int32(input[2]) &* factor
                                input += 3
                                weight += 1
                            }
                            output[0] = UInt8(clamping: red >> Self.precision)
                            output[1] = UInt8(clamping: green >> Self.precision)
                            output[2] = UInt8(clamping: blue >> Self.precision)
                            output += 3
                        }
                        row += sourceCount * 3
                    }
                }
            }
        }
    }

    /// `sourceCount` rows of bytes, scaled to `count` rows.
    func scaledRows(of pixels: [UInt8], rowLength: Int) -> [UInt8] {
        var sums = [Int32](repeating: 0, count: rowLength)
        return [UInt8](unsafeUninitializedCapacity: count * rowLength) { target, written in
            written = count * rowLength
            guard var output = target.baseAddress else { return }
            pixels.withUnsafeBufferPointer { source in
                sums.withUnsafeMutableBufferPointer { sums in
                    guard let source = source.baseAddress, let sums = sums.baseAddress else { return }
                    var tap = 0
                    for index in 0 ..< count {
                        for column in 0 ..< rowLength { sums[column] = Self.half }
                        for row in firsts[index] ..< firsts[index] + lengths[index] {
                            let factor = weights[tap]
                            let input = source + row * rowLength
                            for column in 0 ..< rowLength { sums[column] &+= Int32(input[column]) &* factor }
                            tap += 1
                        }
                        for column in 0 ..< rowLength {
                            output[column] = UInt8(clamping: sums[column] >> Self.precision)
                        }
                        output += rowLength
                    }
                }
            }
        }
    }
}
