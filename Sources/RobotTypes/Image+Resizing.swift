extension Image {
    /// The image scaled to fit into `width` by `height` without distortion, centred on black.
    ///
    /// Source: openpi's `resize_with_pad`, which trained and serves its policies on Pillow's bilinear filter.
    /// The result agrees with Pillow's to the bit.
    public func resizedWithPadding(width: Int, height: Int) -> Image {
        if self.width == width, self.height == height { return self }
        let ratio = max(Double(self.width) / Double(width), Double(self.height) / Double(height))
        let scaledHeight = max(1, Int(Double(self.height) / ratio))
        let scaledWidth = max(1, Int(Double(self.width) / ratio))
        let scaled = resized(width: scaledWidth, height: scaledHeight)
        if scaledWidth == width, scaledHeight == height { return scaled }
        let top = (height - scaledHeight) / 2
        let left = (width - scaledWidth) / 2
        var pixels = [UInt8](repeating: 0, count: width * height * 3)
        for row in 0 ..< scaledHeight {
            let source = row * scaledWidth * 3
            let target = ((row + top) * width + left) * 3
            pixels.replaceSubrange(
                target ..< target + scaledWidth * 3,
                with: scaled.pixels[source ..< source + scaledWidth * 3]
            )
        }
        return Image(width: width, height: height, pixels: pixels)
    }

    /// Scales columns first, then rows, rounding to bytes in between.
    private func resized(width: Int, height: Int) -> Image {
        var image = self
        if width != self.width {
            let taps = Tap.row(from: self.width, to: width)
            let pixels = [UInt8](unsafeUninitializedCapacity: width * self.height * 3) { target, count in
                image.pixels.withUnsafeBufferPointer { source in
                    for row in 0 ..< self.height {
                        for tap in taps {
                            tap.write(source, start: row * self.width * 3, stride: 3, to: target, at: &count)
                        }
                    }
                }
            }
            image = Image(width: width, height: self.height, pixels: pixels)
        }
        if height != self.height {
            let taps = Tap.row(from: self.height, to: height)
            let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { target, count in
                image.pixels.withUnsafeBufferPointer { source in
                    for tap in taps {
                        for column in 0 ..< width {
                            tap.write(source, start: column * 3, stride: width * 3, to: target, at: &count)
                        }
                    }
                }
            }
            image = Image(width: width, height: height, pixels: pixels)
        }
        return image
    }
}

/// The weighted neighbours that make one pixel of a scaled row or column.
///
/// Source: the triangle filter of Pillow's `Image.resize`; when shrinking it widens with the factor, so
/// every source pixel counts.
private struct Tap {
    /// Fixed-point scale of the weights; a byte times a weight stays within 32 bits.
    static let precision = 22

    /// Index of the first neighbour.
    let first: Int

    /// Weights that sum to about `1 << precision`.
    let weights: [Int]

    /// The taps of every pixel of a row of `to` pixels made from one of `from`.
    static func row(from: Int, to: Int) -> [Tap] {
        let scale = Double(from) / Double(to)
        let reach = max(scale, 1)
        return (0 ..< to).map { target in
            let center = (Double(target) + 0.5) * scale
            let first = max(0, Int(center - reach + 0.5))
            let end = min(from, Int(center + reach + 0.5))
            let raw = (first ..< end).map { max(0, 1 - abs((Double($0) - center + 0.5) / reach)) }
            let sum = raw.reduce(0, +)
            return Tap(
                first: first,
                weights: raw.map {
                    Int(($0 / sum * Double(1 << precision)).rounded(.toNearestOrAwayFromZero))
                }
            )
        }
    }

    /// Writes the three channels of the pixel to `target` at `position`, which moves behind them.
    func write(
        _ source: UnsafeBufferPointer<UInt8>,
        start: Int,
        stride: Int,
        to target: UnsafeMutableBufferPointer<UInt8>,
        at position: inout Int
    ) {
        var (red, green, blue) = (
            1 << (Self.precision - 1), 1 << (Self.precision - 1), 1 << (Self.precision - 1)
        )
        var offset = start + first * stride
        for weight in weights {
            red += Int(source[offset]) * weight
            green += Int(source[offset + 1]) * weight
            blue += Int(source[offset + 2]) * weight
            offset += stride
        }
        target[position] = UInt8(clamping: red >> Self.precision)
        target[position + 1] = UInt8(clamping: green >> Self.precision)
        target[position + 2] = UInt8(clamping: blue >> Self.precision)
        position += 3
    }
}
