extension Image {
    /// The image scaled to fit into `width` by `height` without distortion, centred on black.
    ///
    /// Source: openpi's `resize_with_pad`, which trained and serves its policies on Pillow's bilinear filter.
    /// The result agrees with Pillow's to the bit.
    public func resizedWithPadding(width: Int, height: Int) -> Image {
        if self.width == width, self.height == height { return self }
        let box = Letterbox((self.height, self.width), in: (height, width))
        let scaled = resized(width: box.width, height: box.height, filter: .bilinear)
        if box.width == width, box.height == height { return scaled }
        var pixels = [UInt8](repeating: 0, count: width * height * 3)
        for row in 0 ..< box.height {
            let source = row * box.width * 3
            let target = ((row + box.top) * width + box.left) * 3
            pixels.replaceSubrange(
                target ..< target + box.width * 3,
                with: scaled.pixels[source ..< source + box.width * 3]
            )
        }
        return Image(width: width, height: height, pixels: pixels)
    }
}
