/// A text in UTF-8 that arrives in pieces: its whole characters, and the beginning of the next one.
struct CharacterStream {
    /// Whole characters.
    private(set) var characters: [Unicode.Scalar] = []

    /// Bytes of the next one.
    private var beginning = PartialCharacter()

    /// True if the last piece ended with a character.
    var isWhole: Bool { beginning.isEmpty }

    /// Returns true if `bytes` can follow.
    func accepts(_ bytes: [UInt8]) -> Bool {
        var character = beginning
        return bytes.allSatisfy { character.append($0) != .invalid }
    }

    /// Adds bytes that it ``accepts(_:)``.
    mutating func append(_ bytes: [UInt8]) {
        for byte in bytes {
            if case .whole(let character) = beginning.append(byte) { characters.append(character) }
        }
    }
}

/// The first bytes of a character in UTF-8.
private struct PartialCharacter {
    /// What a byte makes of it.
    enum Step: Equatable {
        case whole(Unicode.Scalar)
        case partial
        case invalid
    }

    private var value: UInt32 = 0
    /// Number of bytes that are missing.
    private var missing = 0
    /// Values of the next byte.
    private var range: ClosedRange<UInt8> = 0x80 ... 0xBF

    var isEmpty: Bool { missing == 0 }

    /// Source: the Unicode standard, table 3-7, well-formed byte sequences.
    mutating func append(_ byte: UInt8) -> Step {
        guard missing > 0 else { return begin(byte) }
        guard range.contains(byte) else { return .invalid }
        value = value << 6 | UInt32(byte & 0x3F)
        missing -= 1
        range = 0x80 ... 0xBF
        return missing == 0 ? Unicode.Scalar(value).map { .whole($0) } ?? .invalid : .partial
    }

    private mutating func begin(_ byte: UInt8) -> Step {
        range = 0x80 ... 0xBF
        switch byte {
        case 0x00 ... 0x7F: return .whole(Unicode.Scalar(byte))
        case 0xC2 ... 0xDF: (value, missing) = (UInt32(byte & 0x1F), 1)
        case 0xE0 ... 0xEF:
            (value, missing) = (UInt32(byte & 0x0F), 2)
            if byte == 0xE0 { range = 0xA0 ... 0xBF }
            if byte == 0xED { range = 0x80 ... 0x9F }
        case 0xF0 ... 0xF4:
            (value, missing) = (UInt32(byte & 0x07), 3)
            if byte == 0xF0 { range = 0x90 ... 0xBF }
            if byte == 0xF4 { range = 0x80 ... 0x8F }
        default: return .invalid
        }
        return .partial
    }
}
