public import RobotTypes

/// Converts a camera's array to an image.
struct ImageDecoder {
    /// Key of the array, for error messages.
    private let key: String

    /// `[height, width, 3]` or `[3, height, width]`, or these with leading axes of length 1, which hold one image only.
    private let array: NDArray

    /// The shape without leading axes of length 1.
    private let shape: [Int]

    /// Longest side that is accepted, so that no message can make scaling expensive.
    static let longestSide = 16_384

    /// Tolerance around [0, 1] of a floating-point pixel, which sharpening filters leave.
    private static let tolerance: Float = 0.01

    /// Takes the array of `key` as an image.
    init(key: String, array: NDArray) {
        (self.key, self.array) = (key, array)
        var shape = array.shape[...]
        while shape.count > 3, shape.first == 1 { shape.removeFirst() }
        self.shape = Array(shape)
    }

    /// The image at the size of `camera`, padded with black.
    func image(fitting camera: PolicyContract.Camera) throws(ObservationError) -> Image {
        try image(expected: "\(camera.height), \(camera.width)")
            .resizedWithPadding(width: camera.width, height: camera.height)
    }

    /// The image in its own size; `expected` is height and width in errors.
    func image(expected size: String) throws(ObservationError) -> Image {
        let isPlanar = shape.count == 3 && shape[0] == 3  // openpi's rule
        guard isPlanar || (shape.count == 3 && shape[2] == 3) else { throw mismatch(size) }
        let (height, width) = isPlanar ? (shape[1], shape[2]) : (shape[0], shape[1])
        let accepted = 1 ... Self.longestSide
        guard accepted.contains(height), accepted.contains(width) else { throw mismatch(size) }
        let pixels: [UInt8]
        switch (array.elementType.kind, array.elementType.size) {
        case (.unsigned, 1): pixels = array.data
        case (.float, _): pixels = try quantized(array.floats())
        default: throw mismatch(size)
        }
        return Image(
            width: width,
            height: height,
            pixels: isPlanar ? interleaved(pixels, planes: width * height) : pixels
        )
    }

    /// Bytes from values in [0, 1].
    ///
    /// Departure: openpi cuts the fraction off, which darkens a byte that went through float32 by one; here it is rounded.
    private func quantized(_ values: [Float]) throws(ObservationError) -> [UInt8] {
        let accepted = -Self.tolerance ... 1 + Self.tolerance
        // NaN is in no range, so one comparison finds every invalid value.
        if let position = values.firstIndex(where: { !accepted.contains($0) }) {
            let value = values[position]
            guard value.isFinite else { throw .notFinite(key: key, index: index(of: position), value: value) }
            throw .pixelOutOfRange(key: key, index: index(of: position), value: value)
        }
        return values.map { UInt8((min(max($0, 0), 1) * 255).rounded()) }
    }

    private func index(of position: Int) -> [Int] {
        let (rows, columns) = (shape[1], shape[2])
        let leading = Array(repeating: 0, count: array.shape.count - shape.count)
        return leading + [position / (rows * columns), position / columns % rows, position % columns]
    }

    /// `[3, planes]` to `[planes, 3]`.
    private func interleaved(_ pixels: [UInt8], planes: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
            for channel in 0 ..< 3 {
                for pixel in 0 ..< planes { target[pixel * 3 + channel] = pixels[channel * planes + pixel] }
            }
            count = pixels.count
        }
    }

    private func mismatch(_ size: String) -> ObservationError {
        .mismatch(
            key: key,
            expected: "an image, uint8 (or float in 0 ... 1) [\(size), 3], at most "
                + "\(Self.longestSide) a side",
            found: WireValue.array(array).kind,
            hint: ImageHint(WireValue.array(array)).text
        )
    }
}

extension NDArray {
    /// The array as an image in its own size.
    ///
    /// It is uint8, or floating-point in 0 ... 1, `[height, width, 3]` or `[3, height, width]`, after leading axes of length 1.
    ///
    /// - Throws: ``ObservationError`` that names `key`.
    public func image(key: String) throws(ObservationError) -> Image {
        try ImageDecoder(key: key, array: self).image(expected: "height, width")
    }
}

extension WireValue {
    /// A hint at what makes an image of the value, in NumPy's words for the sender; empty where there is none.
    public var imageHint: String { ImageHint(self).text }
}
