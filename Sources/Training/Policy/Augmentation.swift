internal import Support

/// Small changes to what a policy is shown that keep its meaning, so that it learns nothing by heart.
public struct Augmentation: Codable, Equatable, Sendable {
    /// Largest shift, in pixels, along each axis; edges are repeated.
    public var shift = 4

    /// Largest change of brightness, as a share of the full range.
    public var brightness = 0.1

    /// Largest change of contrast, as a share.
    public var contrast = 0.15

    /// Largest change of every value of the state, in bins: the exact state tells one demonstration from all others, and
    /// then there is no need to look.
    public var state = 0

    /// The defaults.
    public init() {}

    /// Pictures as they are.
    static var none: Augmentation {
        var augmentation = Augmentation()
        (augmentation.shift, augmentation.brightness, augmentation.contrast) = (0, 0, 0)
        augmentation.state = 0
        return augmentation
    }

    /// `bins`, of which there are `count`, changed at random.
    func changed(_ bins: ArraySlice<Int>, of count: Int, random: inout SeededRandom) -> [Int] {
        guard state > 0 else { return Array(bins) }
        return bins.map { min(count - 1, max(0, $0 + Int.random(in: -state ... state, using: &random))) }
    }

    /// Writes `source`, `[height, width, 3]`, changed at random, to `target`.
    ///
    /// - Returns: By how many pixels what it shows has moved.
    @discardableResult
    func apply(
        _ source: UnsafeBufferPointer<UInt8>,
        height: Int,
        width: Int,
        to target: UnsafeMutableBufferPointer<UInt8>,
        random: inout SeededRandom
    ) -> (right: Int, down: Int) {
        let down = shift > 0 ? Int.random(in: -shift ... shift, using: &random) : 0
        let right = shift > 0 ? Int.random(in: -shift ... shift, using: &random) : 0
        let table = lookup(&random)
        for row in 0 ..< height {
            let from = min(height - 1, max(0, row + down)) * width
            let to = row * width * 3
            for column in 0 ..< width {
                let pixel = (from + min(width - 1, max(0, column + right))) * 3
                let place = to + column * 3
                target[place] = table[Int(source[pixel])]
                target[place + 1] = table[Int(source[pixel + 1])]
                target[place + 2] = table[Int(source[pixel + 2])]
            }
        }
        return (-right, -down)
    }

    /// The new value of each of the 256 old ones.
    private func lookup(_ random: inout SeededRandom) -> [UInt8] {
        let offset = brightness > 0 ? Double.random(in: -brightness ... brightness, using: &random) * 255 : 0
        let factor = contrast > 0 ? 1 + Double.random(in: -contrast ... contrast, using: &random) : 1
        return (0 ..< 256).map { value in
            UInt8(min(255, max(0, (Double(value) - 127.5) * factor + 127.5 + offset)))
        }
    }
}
