/// Cuts a text into the words within which neighbours are joined.
///
/// Source: `pre_tokenizer` of Hugging Face's `tokenizer.json`.
indirect enum WordSplitter: Sendable, Decodable {
    case sequence([WordSplitter])
    case split(TextPattern, Separation, isInverted: Bool)
    case byteLevel(addsSpace: Bool, cutsWords: Bool)
    case digits(isIndividual: Bool)

    /// Treatment of the matches of a pattern.
    enum Separation: String, Decodable {
        case removed = "Removed"
        case isolated = "Isolated"
        case mergedWithPrevious = "MergedWithPrevious"
        case mergedWithNext = "MergedWithNext"
        case contiguous = "Contiguous"
    }

    private enum CodingKeys: String, CodingKey {
        case pretokenizers, pattern, behavior, invert
        case addsSpace = "add_prefix_space"
        case cutsWords = "use_regex"
        case isIndividual = "individual_digits"
    }

    init(from decoder: any Decoder) throws {
        let type = try StepType.of(decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch type {
        case "Sequence": self = .sequence(try container.decode([WordSplitter].self, forKey: .pretokenizers))
        case "Split":
            self = .split(
                try container.decode(TextPattern.self, forKey: .pattern),
                try container.decode(Separation.self, forKey: .behavior),
                isInverted: try container.decodeIfPresent(Bool.self, forKey: .invert) ?? false
            )
        case "ByteLevel":
            self = .byteLevel(
                addsSpace: try container.decodeIfPresent(Bool.self, forKey: .addsSpace) ?? true,
                cutsWords: try container.decodeIfPresent(Bool.self, forKey: .cutsWords) ?? true
            )
        case "Digits":
            self = .digits(
                isIndividual: try container.decodeIfPresent(Bool.self, forKey: .isIndividual) ?? false
            )
        default:
            let known = ["ByteLevel", "Digits", "Sequence", "Split"]
            throw StepType.unsupported(type, as: "pre_tokenizer", known: known, decoder)
        }
    }

    /// The words of a text, none empty.
    func words(of text: [Unicode.Scalar]) -> [[Unicode.Scalar]] {
        switch self {
        case .sequence(let steps):
            return steps.reduce([text]) { words, step in words.flatMap { step.words(of: $0) } }
        case .split(let pattern, let separation, let isInverted):
            return Self.split(text, at: pattern.matches(in: text), separation, isInverted).map { Array($0) }
        case .byteLevel(let addsSpace, let cutsWords):
            let text = addsSpace && text.first != " " ? [" "] + text : text
            let words = cutsWords ? EnglishWords.pieces(text) : text.isEmpty ? [] : [text[...]]
            return words.map(ByteAlphabet.spelled)
        case .digits(let isIndividual):
            let matches = text.indices.filter { Self.isNumber(text[$0]) }.map { $0 ..< $0 + 1 }
            return Self.split(text, at: matches, isIndividual ? .isolated : .contiguous, false)
                .map { Array($0) }
        }
    }

    private static func isNumber(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: return true
        default: return false
        }
    }

    private static func split(
        _ text: [Unicode.Scalar],
        at matches: [Range<Int>],
        _ separation: Separation,
        _ isInverted: Bool
    ) -> [ArraySlice<Unicode.Scalar>] {
        var spans: [(range: Range<Int>, isMatch: Bool)] = []
        var end = 0
        for match in matches {
            if end < match.lowerBound { spans.append((end ..< match.lowerBound, isInverted)) }
            spans.append((match, !isInverted))
            end = match.upperBound
        }
        if end < text.count { spans.append((end ..< text.count, isInverted)) }
        return merged(spans, separation).filter { !$0.isEmpty }.map { text[$0] }
    }

    private static func merged(
        _ spans: [(range: Range<Int>, isMatch: Bool)],
        _ separation: Separation
    ) -> [Range<Int>] {
        switch separation {
        case .isolated: return spans.map(\.range)
        case .removed: return spans.filter { !$0.isMatch }.map(\.range)
        case .contiguous:
            return joined(spans) { previous, span in previous == span }
        case .mergedWithPrevious:
            return joined(spans) { previous, span in span && !previous }
        case .mergedWithNext:
            return joined(spans) { previous, span in previous && !span }
        }
    }

    /// The spans, each joined to the one before where `belongs` says so of whether the two are matches.
    private static func joined(
        _ spans: [(range: Range<Int>, isMatch: Bool)],
        _ belongs: (_ previous: Bool, _ span: Bool) -> Bool
    ) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        for (index, span) in spans.enumerated() {
            if index > 0, belongs(spans[index - 1].isMatch, span.isMatch) {
                let start = ranges.removeLast().lowerBound
                ranges.append(start ..< span.range.upperBound)
            } else {
                ranges.append(span.range)
            }
        }
        return ranges
    }
}
