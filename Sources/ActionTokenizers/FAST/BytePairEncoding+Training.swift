extension BytePairEncoding {
    /// Learns merges from `words` until the vocabulary is full or no pair occurs twice.
    ///
    /// Of equally frequent pairs the one with the smaller symbols wins, so the result depends on the words only.
    ///
    /// - Parameters:
    ///   - words: Symbols in `0 ..< alphabetSize`.
    ///   - alphabetSize: Symbols that stand for themselves.
    ///   - vocabularySize: Symbols in all.
    /// - Returns: The encoding.
    /// - Throws: ``ActionTokenizerError`` when a word has a symbol outside the alphabet.
    public static func train(
        on words: [[Int]],
        alphabetSize: Int,
        vocabularySize: Int
    ) throws(ActionTokenizerError) -> BytePairEncoding {
        var corpus = PairCounts(words)
        var merges: [Pair] = []
        while alphabetSize + merges.count < vocabularySize, let pair = corpus.mostFrequent() {
            corpus.merge(pair, into: alphabetSize + merges.count)
            merges.append(pair)
        }
        return try BytePairEncoding(alphabetSize: alphabetSize, merges: merges)
    }
}

/// How often every pair of neighbours occurs, and in which words, kept up to date while pairs are merged.
private struct PairCounts {
    private var words: [[Int]]
    private let frequencies: [Int]
    private var counts: [BytePairEncoding.Pair: Int] = [:]
    private var places: [BytePairEncoding.Pair: Set<Int>] = [:]

    init(_ all: [[Int]]) {
        let distinct = all.reduce(into: [[Int]: Int]()) { $0[$1, default: 0] += 1 }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
        words = distinct.map(\.key)
        frequencies = distinct.map(\.value)
        for word in words.indices { count(word, sign: 1) }
    }

    /// The most frequent pair that occurs at least twice.
    func mostFrequent() -> BytePairEncoding.Pair? {
        let best = counts.max { left, right in
            (left.value, -left.key.first, -left.key.second) < (
                right.value, -right.key.first, -right.key.second
            )
        }
        return best.flatMap { $0.value >= 2 ? $0.key : nil }
    }

    mutating func merge(_ pair: BytePairEncoding.Pair, into symbol: Int) {
        for word in places[pair] ?? [] {
            count(word, sign: -1)
            words[word] = BytePairEncoding.merged(words[word], pair, into: symbol)
            count(word, sign: 1)
        }
        counts[pair] = nil
        places[pair] = nil
    }

    private mutating func count(_ word: Int, sign: Int) {
        let symbols = words[word]
        guard symbols.count > 1 else { return }
        for index in 0 ..< symbols.count - 1 {
            let pair = BytePairEncoding.Pair(first: symbols[index], second: symbols[index + 1])
            counts[pair, default: 0] += sign * frequencies[word]
            if sign > 0 {
                places[pair, default: []].insert(word)
            } else {
                places[pair]?.remove(word)
                if counts[pair] == 0 { counts[pair] = nil }
            }
        }
    }
}
