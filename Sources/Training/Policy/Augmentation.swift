public import Support

/// Augmentation of a policy's images and states.
public struct Augmentation: Codable, Equatable, Sendable, Validatable {
    /// Largest shift along each axis, in pixels; edges are repeated.
    public var shift = 4

    /// Largest change of brightness, as a fraction of the full range.
    public var brightness = 0.1

    /// Largest relative change of contrast.
    public var contrast = 0.15

    /// Largest change of every value of the state, in bins: exact states identify a demonstration, and a policy that
    /// memorises them learns to ignore images.
    public var state = 0

    /// The defaults.
    public init() {}

    /// Checks the settings.
    ///
    /// - Throws: `InvalidValue`.
    public func validate() throws(InvalidValue) {
        try Validation.require(["shift": shift, "state": state], atLeast: 0)
        try Validation.require(["shift": shift, "state": state], atMost: Validation.largestSize)
        try Validation.require(["brightness": brightness, "contrast": contrast], atLeast: 0)
    }

    /// True if images are changed.
    var changesImages: Bool { shift > 0 || brightness > 0 || contrast > 0 }

    /// No augmentation.
    static var none: Augmentation {
        var augmentation = Augmentation()
        (augmentation.shift, augmentation.brightness, augmentation.contrast) = (0, 0, 0)
        augmentation.state = 0
        return augmentation
    }

    /// State bins, of `count` per value, changed at random.
    func changed(_ bins: ArraySlice<Int>, of count: Int, random: inout SeededRandom) -> [Int] {
        guard state > 0 else { return Array(bins) }
        return bins.map { min(count - 1, max(0, $0 + Int.random(in: -state ... state, using: &random))) }
    }

    /// Writes the image `source`, `[height, width, 3]`, changed at random, to `target`.
    ///
    /// - Returns: Shift of the image's content.
    @discardableResult
    func apply(
        _ source: UnsafeBufferPointer<UInt8>,
        height: Int,
        width: Int,
        to target: UnsafeMutableBufferPointer<UInt8>,
        random: inout SeededRandom
    ) -> ImageShift {
        let down = shift > 0 ? Int.random(in: -shift ... shift, using: &random) : 0
        let right = shift > 0 ? Int.random(in: -shift ... shift, using: &random) : 0
        let table = lookup(&random)
        for row in 0 ..< height {
            let from = min(height - 1, max(0, row + down)) * width
            let to = row * width * 3
            for column in 0 ..< width {
                let pixel = (from + min(width - 1, max(0, column + right))) * 3
                let output = to + column * 3
                target[output] = table[Int(source[pixel])]
                target[output + 1] = table[Int(source[pixel + 1])]
                target[output + 2] = table[Int(source[pixel + 2])]
            }
        }
        return ImageShift(right: -right, down: -down)
    }

    /// The new value of each of the 256 pixel values.
    private func lookup(_ random: inout SeededRandom) -> [UInt8] {
        let offset = brightness > 0 ? Double.random(in: -brightness ... brightness, using: &random) * 255 : 0
        let factor = contrast > 0 ? 1 + Double.random(in: -contrast ... contrast, using: &random) : 1
        return (0 ..< 256).map { value in
            UInt8(min(255, max(0, (Double(value) - 127.5) * factor + 127.5 + offset)))
        }
    }
}

/// Shift of an image's content, in pixels.
struct ImageShift: Equatable, Sendable {
    var right: Int
    var down: Int
}
