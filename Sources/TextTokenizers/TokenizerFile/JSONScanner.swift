/// Reads JSON front to back, value by value.
struct JSONScanner {
    let bytes: [UInt8]

    /// Index of the next byte.
    private(set) var position = 0

    /// Creates a scanner of UTF-8.
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Returns true if the next value is an array.
    var isAtArray: Bool { peek == UInt8(ascii: "[") }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private func unexpected(_ expected: String) -> TextTokenizerError {
        let found = peek.map { "'\(Character(Unicode.Scalar($0)))'" } ?? "the end"
        return TextTokenizerError(
            "is no JSON as expected: byte \(position): expected \(expected), found \(found)"
        )
    }

    private mutating func take(_ character: Unicode.Scalar, _ expected: String) throws(TextTokenizerError) {
        skipSpace()
        guard peek == UInt8(ascii: character) else { throw unexpected(expected) }
        position += 1
        skipSpace()
    }

    /// Enters an object.
    mutating func beginObject() throws(TextTokenizerError) { try take("{", "an object") }

    /// Enters an array.
    mutating func beginArray() throws(TextTokenizerError) { try take("[", "an array") }

    /// Moves on to the next value of an array, or behind the array.
    mutating func hasNextElement() throws(TextTokenizerError) -> Bool {
        try hasNext(until: UInt8(ascii: "]"))
    }

    /// Moves on to the next value of an object and returns its key, or behind the object.
    mutating func nextKey() throws(TextTokenizerError) -> String? {
        guard try hasNext(until: UInt8(ascii: "}")) else { return nil }
        let key = try string()
        try take(":", "':'")
        return key
    }

    private mutating func hasNext(until end: UInt8) throws(TextTokenizerError) -> Bool {
        skipSpace()
        if peek == UInt8(ascii: ",") {
            position += 1
            skipSpace()
        } else if peek == end {
            position += 1
            return false
        }
        guard peek != nil else { throw unexpected("a value") }
        return true
    }

    /// Reads an integer.
    mutating func integer() throws(TextTokenizerError) -> Int {
        let start = position
        while let byte = peek, byte == UInt8(ascii: "-") || (0x30 ... 0x39).contains(byte) { position += 1 }
        guard let number = Int(String(decoding: bytes[start ..< position], as: UTF8.self)) else {
            throw unexpected("an integer")
        }
        return number
    }

    /// Reads a string.
    mutating func string() throws(TextTokenizerError) -> String {
        guard peek == UInt8(ascii: "\"") else { throw unexpected("a string") }
        position += 1
        var start = position
        var text = ""
        while let byte = peek, byte != UInt8(ascii: "\"") {
            guard byte == UInt8(ascii: "\\") else {
                position += 1
                continue
            }
            text += String(decoding: bytes[start ..< position], as: UTF8.self)
            position += 1
            try readEscape(into: &text)
            start = position
        }
        guard peek != nil else { throw unexpected("the end of a string") }
        position += 1
        let end = String(decoding: bytes[start ..< position - 1], as: UTF8.self)
        return text.isEmpty ? end : text + end
    }

    private mutating func readEscape(into text: inout String) throws(TextTokenizerError) {
        guard let byte = peek else { throw unexpected("the end of a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "n"): text += "\n"
        case UInt8(ascii: "t"): text += "\t"
        case UInt8(ascii: "r"): text += "\r"
        case UInt8(ascii: "b"): text += "\u{8}"
        case UInt8(ascii: "f"): text += "\u{C}"
        case UInt8(ascii: "u"):
            var units = [try hexadecimal()]
            if UTF16.isLeadSurrogate(units[0]), bytes[position...].starts(with: #"\u"#.utf8) {
                position += 2
                units.append(try hexadecimal())
            }
            text += String(decoding: units, as: UTF16.self)
        default: text.unicodeScalars.append(Unicode.Scalar(byte))
        }
    }

    private mutating func hexadecimal() throws(TextTokenizerError) -> UInt16 {
        let digits = String(decoding: bytes[position...].prefix(4), as: UTF8.self)
        guard digits.utf8.count == 4, let unit = UInt16(digits, radix: 16) else {
            throw unexpected("four hexadecimal digits")
        }
        position += 4
        return unit
    }

    /// Moves behind the next value.
    mutating func skipValue() throws(TextTokenizerError) {
        var depth = 0
        repeat {
            guard let byte = peek else { throw unexpected("a value") }
            switch byte {
            case UInt8(ascii: "\""):
                _ = try string()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x0A, 0x0D, 0x09: break
            default:
                let start = position
                while let byte = peek, !#",]} :"#.utf8.contains(byte), byte > 0x20 { position += 1 }
                guard position > start else { throw unexpected("a value") }
                continue
            }
            position += 1
        } while depth > 0
    }
}
