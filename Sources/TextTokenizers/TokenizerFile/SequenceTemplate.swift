/// Template of special tokens around those of a text.
///
/// Source: `post_processor` of Hugging Face's `tokenizer.json`, for a single text.
indirect enum SequenceTemplate: Sendable, Decodable {
    case sequence([SequenceTemplate])
    case unchanged
    case template([Part])

    /// The tokens of the text, or others.
    enum Part: Sendable {
        case text
        case tokens([Int])
    }

    private struct Element: Decodable {
        struct Named: Decodable {
            var id: String
        }

        var special: Named?

        enum CodingKeys: String, CodingKey {
            case special = "SpecialToken"
        }
    }

    private struct Special: Decodable {
        var ids: [Int]
    }

    private enum CodingKeys: String, CodingKey {
        case processors, single
        case specials = "special_tokens"
    }

    init(from decoder: any Decoder) throws {
        let type = try StepType.of(decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch type {
        case "Sequence":
            self = .sequence(try container.decode([SequenceTemplate].self, forKey: .processors))
        case "ByteLevel": self = .unchanged  // moves offsets only
        case "TemplateProcessing":
            let specials = try container.decode([String: Special].self, forKey: .specials)
            self = .template(
                try container.decode([Element].self, forKey: .single).map { element in
                    guard let name = element.special?.id else { return .text }
                    guard let special = specials[name] else {
                        throw DecodingError.dataCorruptedError(
                            forKey: .specials,
                            in: container,
                            debugDescription: "expected '\(name)', which 'single' uses"
                        )
                    }
                    return .tokens(special.ids)
                }
            )
        default:
            let known = ["ByteLevel", "Sequence", "TemplateProcessing"]
            throw StepType.unsupported(type, as: "post_processor", known: known, decoder)
        }
    }

    /// The tokens with those around them.
    func applied(to tokens: [Int]) -> [Int] {
        switch self {
        case .unchanged: return tokens
        case .sequence(let steps): return steps.reduce(tokens) { $1.applied(to: $0) }
        case .template(let parts):
            return parts.flatMap { part in
                switch part {
                case .text: return tokens
                case .tokens(let others): return others
                }
            }
        }
    }
}
