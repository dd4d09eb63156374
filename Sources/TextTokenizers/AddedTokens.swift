/// The added tokens of a tokenizer, and where they are in a text.
struct AddedTokens: Sendable {
    /// Text between added tokens, or one of them.
    enum Part: Equatable {
        case text(ArraySlice<Unicode.Scalar>)
        case token(Int)
    }

    private(set) var byIdentifier: [Int: AddedToken] = [:]
    private var byContent: [Spelling: Int] = [:]
    private var raw = SpellingTrie()
    private var normalized = SpellingTrie()
    private let normalize: @Sendable ([Unicode.Scalar]) -> [Unicode.Scalar]

    /// Creates an empty set.
    ///
    /// - Parameter normalize: Normalization of the text that normalized tokens are looked for in.
    init(normalize: @escaping @Sendable ([Unicode.Scalar]) -> [Unicode.Scalar]) {
        self.normalize = normalize
    }

    /// Adds tokens; one with a known content or identifier replaces it.
    mutating func insert(_ tokens: [AddedToken]) {
        for token in tokens where !token.content.isEmpty {
            if let known = identifier(of: token.content) { byIdentifier[known] = nil }
            byIdentifier[token.identifier] = token
            byContent[Spelling(token.content)] = token.identifier
        }
        raw = SpellingTrie()
        normalized = SpellingTrie()
        // The first of tokens that normalization makes equal is found: special ones, then in the order of identifiers.
        let ordered = byIdentifier.values.sorted {
            $0.isSpecial == $1.isSpecial ? $0.identifier < $1.identifier : $0.isSpecial
        }
        for token in ordered {
            let scalars = Array(token.content.unicodeScalars)
            if token.isNormalized {
                normalized.insert(normalize(scalars), identifier: token.identifier)
            } else {
                raw.insert(scalars, identifier: token.identifier)
            }
        }
    }

    /// Identifier of the token that is spelled `content`.
    func identifier(of content: String) -> Int? { byContent[Spelling(content)] }

    /// Content of a token as decoding has it: of normalized tokens normalized, as in `tokenizers` 0.23.
    func decodedContent(of token: AddedToken) -> String {
        token.isNormalized
            ? String(scalars: normalize(Array(token.content.unicodeScalars))) : token.content
    }

    /// The parts of a text; those between tokens are normalized.
    func parts(of text: [Unicode.Scalar]) -> [Part] {
        parts(of: text[...], in: raw).flatMap { part in
            guard case .text(let slice) = part else { return [part] }
            return parts(of: normalize(Array(slice))[...], in: normalized)
        }
    }

    private func parts(of text: ArraySlice<Unicode.Scalar>, in trie: SpellingTrie) -> [Part] {
        var parts: [Part] = []
        var taken = text.startIndex
        var position = text.startIndex
        while position < text.endIndex {
            guard let (match, identifier) = trie.longestMatch(in: text, at: position),
                let token = byIdentifier[identifier]
            else {
                position += 1
                continue
            }
            position = match
            let start = match - trie.length(of: identifier)
            if token.isSingleWord, isWord(text, start - 1) || isWord(text, match) { continue }
            var (first, end) = (start, match)
            while token.stripsLeft, first > taken, text[first - 1].properties.isWhitespace { first -= 1 }
            while token.stripsRight, end < text.endIndex, text[end].properties.isWhitespace { end += 1 }
            if taken < first { parts.append(.text(text[taken ..< first])) }
            parts.append(.token(identifier))
            taken = end
        }
        if taken < text.endIndex { parts.append(.text(text[taken...])) }
        return parts
    }

    /// Returns true if there is a scalar at `index`, and words consist of such.
    private func isWord(_ text: ArraySlice<Unicode.Scalar>, _ index: Int) -> Bool {
        guard text.indices.contains(index) else { return false }
        let properties = text[index].properties
        if properties.isAlphabetic || properties.isJoinControl { return true }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
            return true
        default: return false
        }
    }
}

/// Spellings by their first scalars.
private struct SpellingTrie: Sendable {
    private struct Node {
        var next: [Unicode.Scalar: Int] = [:]
        var identifier: Int?
    }

    private var nodes = [Node()]
    private var lengths: [Int: Int] = [:]

    /// Adds a spelling, unless it is there already.
    mutating func insert(_ spelling: [Unicode.Scalar], identifier: Int) {
        guard !spelling.isEmpty else { return }
        var node = 0
        for scalar in spelling {
            if let next = nodes[node].next[scalar] {
                node = next
            } else {
                nodes.append(Node())
                nodes[node].next[scalar] = nodes.count - 1
                node = nodes.count - 1
            }
        }
        guard nodes[node].identifier == nil else { return }
        nodes[node].identifier = identifier
        lengths[identifier] = spelling.count
    }

    /// Number of scalars of a spelling in the trie.
    func length(of identifier: Int) -> Int { lengths[identifier] ?? 0 }

    /// End and identifier of the longest spelling that begins at `start`.
    func longestMatch(in text: ArraySlice<Unicode.Scalar>, at start: Int) -> (end: Int, identifier: Int)? {
        var found: (Int, Int)?
        var node = 0
        var index = start
        while index < text.endIndex, let next = nodes[node].next[text[index]] {
            node = next
            index += 1
            if let identifier = nodes[node].identifier { found = (index, identifier) }
        }
        return found
    }
}
