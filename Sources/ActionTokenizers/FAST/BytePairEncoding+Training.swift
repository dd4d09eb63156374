internal import Support

extension BytePairEncoding {
    /// Learns merges from `words` until the vocabulary is full or no pair occurs twice.
    ///
    /// The pair with the smaller symbols wins among equally frequent ones, so the result depends on the words only.
    /// The merges are those of the `tokenizers` library on the same words (no pre-tokenizer, minimum frequency 2).
    ///
    /// - Parameters:
    ///   - words: Symbols in `0 ..< alphabetSize`.
    ///   - alphabetSize: Symbols that stand for themselves.
    ///   - vocabularySize: Symbols in all.
    /// - Returns: The encoding that was learned.
    /// - Throws: ``ActionTokenizerError`` when there is no alphabet or too large a one, a symbol lies outside it, or words
    ///   are too many.
    /// - Complexity: Linear in the symbols of `words` and the neighbours that merges change, plus one look at every
    ///   distinct pair a merge.
    public static func train(
        on words: [[Int]],
        alphabetSize: Int,
        vocabularySize: Int
    ) throws -> BytePairEncoding {
        try Validation.require(["alphabetSize": alphabetSize], in: ActionTokenizerLimits.alphabet)
        guard words.reduce(0, { $0 + $1.count }) < Int(Int32.max) else {
            throw ActionTokenizerError("expected words of fewer than 2^31 symbols in all")
        }
        for (index, word) in words.enumerated() {
            if let symbol = word.first(where: { !(0 ..< alphabetSize).contains($0) }) {
                throw ActionTokenizerError(
                    "word \(index): expected symbols in 0 ..< \(alphabetSize), found \(symbol)"
                )
            }
        }
        var corpus = PairCorpus(words)
        var merges: [Pair] = []
        while alphabetSize + merges.count < vocabularySize, let pair = corpus.mostFrequent() {
            corpus.merge(pair, into: Int32(alphabetSize + merges.count))
            merges.append(corpus.symbols(of: pair))
        }
        return try BytePairEncoding(alphabetSize: alphabetSize, merges: merges)
    }
}

/// All words end to end, with the count and the positions of every pair of neighbours, kept up to date by merges.
///
/// A merge writes its symbol over the left of the two and unlinks the right one, so positions stay what they were.
/// A pair's positions are complete once the merge that made its newer symbol is done: later merges only take some
/// away, and positions that no longer hold the pair are passed over.
private struct PairCorpus {
    private var text: [Int32] = []
    /// Position of the neighbour; `none` at the ends of a word.
    private var next: [Int32] = []
    private var previous: [Int32] = []

    private var pairs: [Int: Int] = [:]
    private var keys: [Int] = []
    private var counts: [Int] = []
    private var positions: [[Int32]] = []

    private static let none: Int32 = -1
    private static let unlinked: Int32 = -1

    init(_ words: [[Int]]) {
        for word in words {
            for (index, symbol) in word.enumerated() {
                let position = Int32(text.count)
                text.append(Int32(symbol))
                previous.append(index == 0 ? Self.none : position - 1)
                next.append(index == word.count - 1 ? Self.none : position + 1)
            }
        }
        for position in text.indices where next[position] != Self.none {
            add(text[position], text[position + 1], at: Int32(position))
        }
    }

    /// The most frequent pair that occurs at least twice.
    func mostFrequent() -> Int? {
        var best: Int?
        var (bestCount, bestKey) = (2, Int.max)
        for pair in counts.indices where counts[pair] >= bestCount {
            if counts[pair] > bestCount || keys[pair] < bestKey {
                (best, bestCount, bestKey) = (pair, counts[pair], keys[pair])
            }
        }
        return best
    }

    func symbols(of pair: Int) -> BytePairEncoding.Pair {
        BytePairEncoding.Pair(first: keys[pair] >> 32, second: keys[pair] & 0xffff_ffff)
    }

    /// Replaces `pair`, wherever it occurs, by `symbol`.
    mutating func merge(_ pair: Int, into symbol: Int32) {
        let (first, second) = (Int32(keys[pair] >> 32), Int32(keys[pair] & 0xffff_ffff))
        let candidates = positions[pair]
        positions[pair] = []
        for position in candidates {
            let left = Int(position)
            guard text[left] == first, next[left] != Self.none, text[Int(next[left])] == second else {
                continue
            }
            let right = Int(next[left])
            let (before, after) = (previous[left], next[right])
            if before != Self.none {
                remove(text[Int(before)], first)
                add(text[Int(before)], symbol, at: before)
            }
            if after != Self.none {
                remove(second, text[Int(after)])
                add(symbol, text[Int(after)], at: position)
                previous[Int(after)] = position
            }
            text[left] = symbol
            text[right] = Self.unlinked
            next[left] = after
        }
        counts[pair] = 0
    }

    private static func key(_ first: Int32, _ second: Int32) -> Int { Int(first) << 32 | Int(second) }

    private mutating func add(_ first: Int32, _ second: Int32, at position: Int32) {
        let key = Self.key(first, second)
        if let pair = pairs[key] {
            counts[pair] += 1
            positions[pair].append(position)
        } else {
            pairs[key] = keys.count
            keys.append(key)
            counts.append(1)
            positions.append([position])
        }
    }

    private mutating func remove(_ first: Int32, _ second: Int32) {
        if let pair = pairs[Self.key(first, second)] { counts[pair] -= 1 }
    }
}
