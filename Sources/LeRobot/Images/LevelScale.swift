/// Meaning of the levels in nested lists: from 0 to 255, to 65535, from 0 to 1, or from -1 to 1.
enum LevelScale: Equatable {
    case bytes
    case words
    case unit
    case signed

    /// Smallest and largest level.
    struct Range {
        private(set) var smallest = Float.infinity
        private(set) var largest = -Float.infinity

        /// Takes the levels of one image in; what is no finite number does not count.
        mutating func add(_ levels: [Float]) {
            for level in levels where level.isFinite {
                smallest = min(smallest, level)
                largest = max(largest, level)
            }
        }
    }

    /// Returns true if the type alone says what the levels mean.
    static func isPlain(_ type: String) -> Bool {
        !["float", "double", "int16"].contains { type.contains($0) }
    }

    /// Infers the meaning from the type of the lists, in Arrow's words, and the range of levels.
    init(type: String, range: Range) {
        let isReal = ["float", "double"].contains { type.contains($0) }
        if type.contains("int16"), range.largest > 255 {
            self = .words
        } else if !isReal || range.largest > 1 {
            self = .bytes
        } else {
            self = range.smallest < 0 && range.smallest >= -1 ? .signed : .unit
        }
    }

    /// The level of 8 bits.
    func level(_ value: Float) -> UInt8 {
        let scaled =
            switch self {
            case .bytes: value
            case .words: value / 257
            case .unit: value * 255
            case .signed: (value + 1) * 127.5
            }
        // A number far beyond every integer is cut off, too.
        return UInt8(min(max(scaled.rounded(), 0), 255))
    }
}
