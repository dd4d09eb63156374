/// Byte-pair encoding over integers: frequent neighbours become one symbol.
///
/// Symbols `0 ..< alphabetSize` stand for themselves, symbol `alphabetSize + i` for the pair `merges[i]`.
/// Source: Sennrich et al. 2016 (arXiv 1508.07909).
public struct BytePairEncoding: Codable, Equatable, Sendable {
    /// Two neighbouring symbols.
    public struct Pair: Codable, Hashable, Sendable {
        /// The left symbol.
        public let first: Int
        /// The right symbol.
        public let second: Int
    }

    /// Symbols that stand for themselves.
    public let alphabetSize: Int

    /// Pairs that became symbols, in the order in which they did.
    public let merges: [Pair]

    /// Symbols in all.
    public var vocabularySize: Int { alphabetSize + merges.count }

    private let ranks: [Pair: Int]

    private enum CodingKeys: String, CodingKey {
        case alphabetSize, merges
    }

    /// Creates an encoding from its merges.
    ///
    /// - Throws: ``ActionTokenizerError`` when a merge uses a symbol that does not exist yet.
    public init(alphabetSize: Int, merges: [Pair]) throws(ActionTokenizerError) {
        for (index, pair) in merges.enumerated() {
            let known = 0 ..< alphabetSize + index
            guard known.contains(pair.first), known.contains(pair.second) else {
                throw ActionTokenizerError(
                    "merge \(index): (\(pair.first), \(pair.second)) uses an unknown symbol"
                )
            }
        }
        self.alphabetSize = alphabetSize
        self.merges = merges
        ranks = Dictionary(merges.enumerated().map { ($1, $0) }, uniquingKeysWith: min)
    }

    /// Reads alphabet and merges.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            alphabetSize: container.decode(Int.self, forKey: .alphabetSize),
            merges: container.decode([Pair].self, forKey: .merges)
        )
    }

    /// The symbols of `word`: the earliest merge that applies anywhere goes first.
    public func encoded(_ word: [Int]) -> [Int] {
        var symbols = word
        while symbols.count > 1 {
            var best = merges.count
            for index in 0 ..< symbols.count - 1 {
                if let rank = ranks[Pair(first: symbols[index], second: symbols[index + 1])] {
                    best = min(best, rank)
                }
            }
            guard best < merges.count else { break }
            symbols = Self.merged(symbols, merges[best], into: alphabetSize + best)
        }
        return symbols
    }

    /// The word of `symbols`.
    ///
    /// - Throws: ``ActionTokenizerError`` for a symbol outside the vocabulary.
    public func decoded(_ symbols: [Int]) throws(ActionTokenizerError) -> [Int] {
        var word: [Int] = []
        var open = Array(symbols.reversed())
        while let symbol = open.popLast() {
            guard (0 ..< vocabularySize).contains(symbol) else {
                throw ActionTokenizerError("expected tokens in 0 ..< \(vocabularySize), found \(symbol)")
            }
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

    /// `symbols` with every occurrence of `pair`, from the left, replaced.
    static func merged(_ symbols: [Int], _ pair: Pair, into symbol: Int) -> [Int] {
        var result: [Int] = []
        result.reserveCapacity(symbols.count)
        var index = 0
        while index < symbols.count {
            if index + 1 < symbols.count, symbols[index] == pair.first, symbols[index + 1] == pair.second {
                result.append(symbol)
                index += 2
            } else {
                result.append(symbols[index])
                index += 1
            }
        }
        return result
    }
}
