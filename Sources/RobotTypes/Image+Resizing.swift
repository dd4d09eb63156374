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
        let scaled = resized(width: scaledWidth, height: scaledHeight, filter: .bilinear)
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
}
