import Foundation

/// Reads JSON text (RFC 8259), and what writers and editors make of it: NaN, Infinity and -Infinity, a comma after the last
/// element, a byte order mark, UTF-16.
struct JSONParser {
    /// A text that is no JSON.
    struct Failure: Error {
        let reason: String
    }

    private static let maximumDepth = 200

    private let bytes: UnsafeBufferPointer<UInt8>
    private var offset = 0
    private var depth = 0

    /// Reads one value.
    static func parse(_ data: Data) throws(Failure) -> JSONValue {
        try parsing(data) { (parser) throws(Failure) in try parser.document() }
    }

    /// Reads values one after the other, with or without commas between them; a list alone is its elements.
    static func sequence(_ data: Data) throws(Failure) -> [JSONValue] {
        try parsing(data) { (parser) throws(Failure) in
            var values: [JSONValue] = []
            while !parser.isAtEnd {
                values.append(try parser.value())
                _ = parser.take(",")
            }
            if values.count == 1, let elements = values[0].elements { return elements }
            return values
        }
    }

    private static func parsing<Value>(
        _ data: Data,
        _ body: (inout JSONParser) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let data = inUTF8(data)
        let result: Result<Value, Failure> = data.withUnsafeBytes { raw in
            raw.withMemoryRebound(to: UInt8.self) { bytes in
                var parser = JSONParser(bytes: bytes)
                do throws(Failure) { return .success(try body(&parser)) } catch { return .failure(error) }
            }
        }
        return try result.get()
    }

    /// The text in UTF-8, where a byte order mark says that it is in UTF-16.
    static func inUTF8(_ data: Data) -> Data {
        guard data.starts(with: [0xFF, 0xFE]) || data.starts(with: [0xFE, 0xFF]),
            let text = String(data: data, encoding: .utf16)
        else { return data }
        return Data(text.utf8)
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        // A byte order mark, as some editors write it.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
    }

    private var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return offset == bytes.count
        }
    }

    private mutating func document() throws(Failure) -> JSONValue {
        let value = try value()
        guard isAtEnd else { throw failure("expected the end of the file") }
        return value
    }

    private mutating func value() throws(Failure) -> JSONValue {
        skipSpace()
        guard offset < bytes.count else { throw failure("the text ends early") }
        switch bytes[offset] {
        case UInt8(ascii: "{"): return try nested { (parser) throws(Failure) in try parser.object() }
        case UInt8(ascii: "["): return try nested { (parser) throws(Failure) in try parser.array() }
        case UInt8(ascii: "\""): return .text(try string())
        default: return try word()
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(Failure) -> JSONValue
    ) throws(Failure) -> JSONValue {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw failure("nested too deeply") }
        offset += 1
        return try body(&self)
    }

    private mutating func object() throws(Failure) -> JSONValue {
        var members: [(key: String, value: JSONValue)] = []
        if take("}") { return .object(members) }
        repeat {
            if take("}") { return .object(members) }
            guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else {
                throw failure("expected a key")
            }
            let key = try string()
            guard take(":") else { throw failure("expected ':'") }
            members.append((key, try value()))
        } while take(",")
        guard take("}") else { throw failure("expected ',' or '}'") }
        return .object(members)
    }

    private mutating func array() throws(Failure) -> JSONValue {
        var elements: [JSONValue] = []
        if take("]") { return .array(elements) }
        repeat {
            if take("]") { return .array(elements) }
            elements.append(try value())
        } while take(",")
        guard take("]") else { throw failure("expected ',' or ']'") }
        return .array(elements)
    }

    private mutating func string() throws(Failure) -> String {
        offset += 1
        let first = offset
        var hasEscapes = false
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\"") {
            if bytes[offset] == UInt8(ascii: "\\") {
                hasEscapes = true
                offset += 1
            }
            offset += 1
        }
        guard offset < bytes.count else { throw failure("a string does not end") }
        let raw = UnsafeBufferPointer(rebasing: bytes[first ..< offset])
        offset += 1
        guard hasEscapes else { return String(decoding: raw, as: UTF8.self) }
        guard let text = Self.unescaped(raw) else {
            throw failure("a string has an escape that JSON does not know")
        }
        return text
    }

    private static let escapes: [UInt16: UInt16] = {
        let pairs =
            [
                ("n", "\n"), ("t", "\t"), ("r", "\r"), ("b", "\u{8}"), ("f", "\u{c}"), ("/", "/"),
                ("\\", "\\"),
                ("\"", "\""),
            ] as [(Unicode.Scalar, Unicode.Scalar)]
        return Dictionary(uniqueKeysWithValues: pairs.map { (UInt16($0.0.value), UInt16($0.1.value)) })
    }()

    /// The text that escapes stand for; half of a pair of surrogates, as Python writes it, stands for U+FFFD.
    private static func unescaped(_ raw: UnsafeBufferPointer<UInt8>) -> String? {
        let units = Array(String(decoding: raw, as: UTF8.self).utf16)
        var text: [UInt16] = []
        text.reserveCapacity(units.count)
        var offset = 0
        while offset < units.count {
            let unit = units[offset]
            offset += 1
            guard unit == UInt16(ascii: "\\") else {
                text.append(unit)
                continue
            }
            guard offset < units.count else { return nil }
            let escape = units[offset]
            offset += 1
            if escape == UInt16(ascii: "u") {
                guard offset + 4 <= units.count,
                    let code = UInt16(
                        String(decoding: units[offset ..< offset + 4], as: UTF16.self),
                        radix: 16
                    )
                else { return nil }
                text.append(code)
                offset += 4
            } else {
                guard let meant = escapes[escape] else { return nil }
                text.append(meant)
            }
        }
        return String(decoding: text, as: UTF16.self)
    }

    private mutating func word() throws(Failure) -> JSONValue {
        let first = offset
        while offset < bytes.count, isWord(bytes[offset]) { offset += 1 }
        let word = String(decoding: bytes[first ..< offset], as: UTF8.self)
        switch word {
        case "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "NaN": return .number(.nan)
        case "Infinity": return .number(.infinity)
        case "-Infinity": return .number(-.infinity)
        default:
            guard let byte = word.utf8.first, byte == UInt8(ascii: "-") || isDigit(byte),
                let number = Double(word)
            else { throw failure("'\(word.prefix(20))' is no JSON value") }
            return .number(number)
        }
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private func isWord(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 32 >= UInt8(ascii: "a") && byte | 32 <= UInt8(ascii: "z"))
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
    }

    private mutating func skipSpace() {
        while offset < bytes.count, bytes[offset] <= 0x20 { offset += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private func failure(_ reason: String) -> Failure {
        let line = 1 + bytes.prefix(offset).count { $0 == UInt8(ascii: "\n") }
        return Failure(reason: "line \(line): \(reason)")
    }
}

extension UInt16 {
    /// The code unit of an ASCII character.
    fileprivate init(ascii scalar: Unicode.Scalar) { self = UInt16(UInt8(ascii: scalar)) }
}
