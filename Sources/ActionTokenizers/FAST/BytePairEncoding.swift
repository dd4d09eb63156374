internal import Support

/// Byte-pair encoding over integers: frequent neighbours become one symbol.
///
/// Symbols `0 ..< alphabetSize` stand for themselves, symbol `alphabetSize + i` for the pair `merges[i]`.
/// Source: Sennrich et al. 2016 (arXiv 1508.07909).
public struct BytePairEncoding: Equatable, Sendable {
    /// Two neighbouring symbols.
    public struct Pair: Hashable, Sendable {
        /// The left symbol.
        public let first: Int
        /// The right symbol.
        public let second: Int

        /// Creates a pair.
        public init(first: Int, second: Int) {
            self.first = first
            self.second = second
        }
    }

    /// Number of symbols that stand for themselves.
    public let alphabetSize: Int

    /// Pairs that became symbols, in the order in which they did.
    public let merges: [Pair]

    /// Number of symbols.
    public var vocabularySize: Int { alphabetSize + merges.count }

    /// Index in ``merges`` of every pair.
    private let ranks: [Pair: Int]

    /// Number of symbols of the alphabet that every symbol stands for, at most ``longest``.
    private let lengths: [Int]

    /// Merges that double over and over would overflow; no word is this long.
    private static let longest = 1 << 40

    /// Creates an encoding from its merges.
    ///
    /// - Throws: ``ActionTokenizerError`` when there is no alphabet or one of more than 2^20 symbols, or when a merge
    ///   occurs twice or uses a symbol that does not exist yet.
    public init(alphabetSize: Int, merges: [Pair]) throws {
        try Validation.require(["alphabetSize": alphabetSize], in: ActionTokenizerLimits.alphabet)
        var ranks: [Pair: Int] = [:]
        var lengths = [Int](repeating: 1, count: alphabetSize)
        for (index, pair) in merges.enumerated() {
            guard lengths.indices.contains(pair.first), lengths.indices.contains(pair.second) else {
                throw ActionTokenizerError(
                    "merge \(index): (\(pair.first), \(pair.second)) uses an unknown symbol"
                )
            }
            if let earlier = ranks.updateValue(index, forKey: pair) {
                throw ActionTokenizerError(
                    "merge \(index): (\(pair.first), \(pair.second)) is merge \(earlier) already"
                )
            }
            lengths.append(min(Self.longest, lengths[pair.first] + lengths[pair.second]))
        }
        self.alphabetSize = alphabetSize
        self.merges = merges
        self.ranks = ranks
        self.lengths = lengths
    }

    /// The symbols of `word`: the earliest merge that applies anywhere goes first, from the left.
    public func encoded(_ word: [Int]) -> [Int] {
        guard word.count > 1 else { return word }
        var symbols = word
        // ranks[i] belongs to symbols i and i + 1; merges.count where no merge applies.
        var ranks = (0 ..< word.count - 1).map { rank(word[$0], word[$0 + 1]) }
        while let best = ranks.min(), best < merges.count {
            let pair = merges[best]
            var (read, write) = (0, 0)
            while read < symbols.count {
                let applies =
                    read + 1 < symbols.count && symbols[read] == pair.first
                    && symbols[read + 1] == pair.second
                symbols[write] = applies ? alphabetSize + best : symbols[read]
                if write > 0 {
                    let isNew = applies || symbols[write - 1] == alphabetSize + best
                    ranks[write - 1] = isNew ? rank(symbols[write - 1], symbols[write]) : ranks[read - 1]
                }
                read += applies ? 2 : 1
                write += 1
            }
            symbols.removeLast(symbols.count - write)
            ranks.removeLast(ranks.count - (write - 1))
        }
        return symbols
    }

    private func rank(_ first: Int, _ second: Int) -> Int {
        ranks[Pair(first: first, second: second)] ?? merges.count
    }

    /// The word of `symbols`.
    ///
    /// - Parameters:
    ///   - symbols: Symbols of ``encoded(_:)``.
    ///   - length: Number of symbols of the alphabet in the word.
    /// - Returns: Symbols of the alphabet, `length` of them.
    /// - Throws: ``ActionTokenizerError`` for a symbol outside the vocabulary or a word of another length,
    ///   before anything is expanded.
    public func decoded(_ symbols: [Int], length: Int) throws(ActionTokenizerError) -> [Int] {
        var total = 0
        for (position, symbol) in symbols.enumerated() {
            guard (0 ..< vocabularySize).contains(symbol) else {
                throw ActionTokenizerError(
                    "token \(position): expected 0 ..< \(vocabularySize), found \(symbol)"
                )
            }
            total = min(Self.longest, total + lengths[symbol])
        }
        guard total == length else {
            throw ActionTokenizerError(
                "the \(symbols.count) tokens stand for \(total) coefficients, expected \(length)"
            )
        }
        return expanded(symbols, atMost: length)
    }

    /// The first symbols of the alphabet that `symbols`, all of the vocabulary, stand for, at most `length`.
    func expanded(_ symbols: [Int], atMost length: Int) -> [Int] {
        var word: [Int] = []
        word.reserveCapacity(length)
        var open = Array(symbols.reversed())
        while word.count < length, let symbol = open.popLast() {
            if symbol < alphabetSize {
                word.append(symbol)
            } else {
                let pair = merges[symbol - alphabetSize]
                open.append(pair.second)
                open.append(pair.first)
            }
        }
        return word
    }
}

// Written as one string, `"12 40"`, like the merges of Hugging Face's `tokenizer.json`.
extension BytePairEncoding.Pair: Codable {
    /// Reads a pair.
    ///
    /// - Throws: `DecodingError` when there is no string of two numbers.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        let symbols = text.split(separator: " ").map { Int($0) }
        guard symbols.count == 2, let first = symbols[0], let second = symbols[1] else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "expected two symbols such as '12 40', found '\(text)'"
            )
        }
        self.init(first: first, second: second)
    }

    /// Writes the pair.
    ///
    /// - Throws: The encoder's error.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode("\(first) \(second)")
    }
}
