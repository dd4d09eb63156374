/// Normalization of a text before it is cut into words.
///
/// Source: `normalizer` of Hugging Face's `tokenizer.json`.
indirect enum TextNormalizer: Sendable, Decodable {
    case sequence([TextNormalizer])
    case form(UnicodeNormalization)
    case replace(TextPattern, with: [Unicode.Scalar])
    case prepend([Unicode.Scalar])

    private enum CodingKeys: String, CodingKey {
        case normalizers, pattern, content, prepend
    }

    init(from decoder: any Decoder) throws {
        let type = try StepType.of(decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch type {
        case "Sequence": self = .sequence(try container.decode([TextNormalizer].self, forKey: .normalizers))
        case "Replace":
            let content = try container.decode(String.self, forKey: .content)
            let pattern = try container.decode(TextPattern.self, forKey: .pattern)
            if case .expression = pattern, content.unicodeScalars.contains("$") {
                throw DecodingError.dataCorruptedError(
                    forKey: .content,
                    in: container,
                    debugDescription: "groups in what replaces a match are not supported, found '\(content)'"
                )
            }
            self = .replace(pattern, with: Array(content.unicodeScalars))
        case "Prepend":
            self = .prepend(Array(try container.decode(String.self, forKey: .prepend).unicodeScalars))
        default:
            guard let form = UnicodeNormalization(type) else {
                let known = UnicodeNormalization.names + ["Prepend", "Replace", "Sequence"]
                throw StepType.unsupported(type, as: "normalizer", known: known, decoder)
            }
            self = .form(form)
        }
    }

    /// The normalized text.
    func normalized(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        switch self {
        case .sequence(let steps): return steps.reduce(text) { $1.normalized($0) }
        case .form(let form): return form.normalized(text)
        case .replace(let pattern, let content): return text.replacing(pattern, with: content)
        case .prepend(let prefix): return text.isEmpty ? text : prefix + text
        }
    }
}

extension [Unicode.Scalar] {
    /// The text with `content` wherever `pattern` matches.
    func replacing(_ pattern: TextPattern, with content: [Unicode.Scalar]) -> [Unicode.Scalar] {
        let matches = pattern.matches(in: self)
        if matches.isEmpty { return self }
        var result: [Unicode.Scalar] = []
        var end = 0
        for match in matches {
            result += self[end ..< match.lowerBound]
            result += content
            end = match.upperBound
        }
        return result + self[end...]
    }
}
