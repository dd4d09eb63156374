internal import Foundation

/// A text, or a regular expression, that is looked for.
enum TextPattern: Sendable, Decodable {
    case literal([Unicode.Scalar])
    case expression(RegularExpression)

    private enum CodingKeys: String, CodingKey {
        case literal = "String"
        case expression = "Regex"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let text = try container.decodeIfPresent(String.self, forKey: .literal) {
            self = .literal(Array(text.unicodeScalars))
            return
        }
        let pattern = try container.decode(String.self, forKey: .expression)
        do {
            self = .expression(try RegularExpression(pattern))
        } catch {
            throw DecodingError.dataCorruptedError(
                forKey: .expression,
                in: container,
                debugDescription: "'\(pattern)' is no regular expression: \(error)"
            )
        }
    }

    /// Ranges that match, from the left, without overlap.
    func matches(in text: [Unicode.Scalar]) -> [Range<Int>] {
        switch self {
        case .expression(let expression): return expression.matches(in: text)
        case .literal(let literal):
            guard let first = literal.first else { return [] }
            var matches: [Range<Int>] = []
            var index = 0
            while index + literal.count <= text.count {
                if text[index] == first, text[index ..< index + literal.count].elementsEqual(literal) {
                    matches.append(index ..< index + literal.count)
                    index += literal.count
                } else {
                    index += 1
                }
            }
            return matches
        }
    }
}

/// A regular expression over scalars, matched by ICU.
struct RegularExpression: @unchecked Sendable {
    // Immutable once it is made, and used from several threads by design.
    private let expression: NSRegularExpression

    /// Compiles a pattern.
    ///
    /// - Throws: Foundation's error for a pattern that ICU does not understand.
    init(_ pattern: String) throws { expression = try NSRegularExpression(pattern: pattern) }

    /// Ranges that match, from the left, without overlap.
    func matches(in text: [Unicode.Scalar]) -> [Range<Int>] {
        let string = String(scalars: text)
        var matches: [Range<Int>] = []
        // Foundation counts in UTF-16; matches come in order, so one pass over the text counts along.
        var (index, unit) = (0, 0)
        func scalarIndex(ofUnit end: Int) -> Int {
            while unit < end {
                unit += text[index].value > 0xFFFF ? 2 : 1
                index += 1
            }
            return index
        }
        expression.enumerateMatches(in: string, range: NSRange(location: 0, length: string.utf16.count)) {
            match,
            _,
            _ in
            guard let range = match?.range else { return }
            let start = scalarIndex(ofUnit: range.location)
            matches.append(start ..< scalarIndex(ofUnit: range.location + range.length))
        }
        return matches
    }
}
