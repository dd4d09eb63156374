import RobotTypes

/// Histograms of the levels of red, green and blue in images.
struct ColorHistogram: Codable {
    private(set) var counts = Array(repeating: Array(repeating: 0, count: 256), count: 3)
    private(set) var imageCount = 0

    /// Counts the pixels of one more image.
    mutating func add(_ image: Image) {
        imageCount += 1
        var levels = [Int](repeating: 0, count: 768)
        image.pixels.withUnsafeBufferPointer { pixels in
            for pixel in stride(from: 0, to: pixels.count, by: 3) {
                levels[Int(pixels[pixel])] += 1
                levels[256 + Int(pixels[pixel + 1])] += 1
                levels[512 + Int(pixels[pixel + 2])] += 1
            }
        }
        for channel in 0 ..< 3 {
            for level in 0 ..< 256 { counts[channel][level] += levels[channel * 256 + level] }
        }
    }

    /// Counts the images of another histogram too.
    mutating func add(_ other: ColorHistogram) {
        imageCount += other.imageCount
        for channel in 0 ..< 3 {
            for level in 0 ..< 256 { counts[channel][level] += other.counts[channel][level] }
        }
    }

    /// The summary on a scale of 0 to 1, one value a channel.
    var summary: ColumnSummary { ColumnSummary(histograms: counts, count: imageCount) }
}
