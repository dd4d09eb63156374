/// Joins the neighbours of a word: the first merge in order that applies, at its leftmost position.
///
/// Source: Sennrich et al. 2016 (arXiv 1508.07909), section 3.2, in the order in which Hugging Face `tokenizers` finds them:
/// a position that waits for a merge is joined as soon as its pair, even another, makes the same piece.
struct BytePairMerging {
    private struct Symbol {
        var identifier: Int32
        var previous: Int
        var next: Int
    }

    /// A place that can be joined.
    private struct Candidate {
        /// Rank and position, which order candidates.
        let order: UInt64
        let result: Int32

        var position: Int { Int(order & 0xFFFF_FFFF) }
    }

    private static let joined: Int32 = -1

    private let vocabulary: BytePairVocabulary
    private var symbols: [Symbol]
    private var candidates: [Candidate] = []

    /// The pieces of a word, given those of its scalars.
    static func merged(_ word: [Int32], _ vocabulary: BytePairVocabulary) -> [Int32] {
        if word.count < 2 { return word }
        var merging = BytePairMerging(word, vocabulary)
        return merging.merged()
    }

    private init(_ word: [Int32], _ vocabulary: BytePairVocabulary) {
        self.vocabulary = vocabulary
        symbols = word.indices.map { Symbol(identifier: word[$0], previous: $0 - 1, next: $0 + 1) }
    }

    private mutating func merged() -> [Int32] {
        for position in symbols.indices { consider(position) }
        while let candidate = popFirst() {
            let left = symbols[candidate.position]
            guard left.identifier != Self.joined, left.next < symbols.count,
                vocabulary.merge(left.identifier, symbols[left.next].identifier)?.result == candidate.result
            else { continue }
            let next = symbols[left.next].next
            symbols[left.next].identifier = Self.joined
            symbols[candidate.position].identifier = candidate.result
            symbols[candidate.position].next = next
            if next < symbols.count { symbols[next].previous = candidate.position }
            if left.previous >= 0 { consider(left.previous) }
            consider(candidate.position)
        }
        return symbols.filter { $0.identifier != Self.joined }.map(\.identifier)
    }

    /// Adds a candidate where the symbol at `position` and the next one can be joined.
    private mutating func consider(_ position: Int) {
        let symbol = symbols[position]
        guard symbol.next < symbols.count,
            let merge = vocabulary.merge(symbol.identifier, symbols[symbol.next].identifier)
        else { return }
        let order = UInt64(UInt32(bitPattern: merge.rank)) << 32 | UInt64(position)
        candidates.append(Candidate(order: order, result: merge.result))
        var child = candidates.count - 1
        while child > 0, candidates[child].order < candidates[(child - 1) / 2].order {
            candidates.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Removes the first candidate of the heap.
    private mutating func popFirst() -> Candidate? {
        guard let first = candidates.first, let last = candidates.popLast() else { return nil }
        if candidates.isEmpty { return first }
        candidates[0] = last
        var parent = 0
        while true {
            var smallest = parent
            for child in 2 * parent + 1 ... 2 * parent + 2
            where child < candidates.count && candidates[child].order < candidates[smallest].order {
                smallest = child
            }
            if smallest == parent { return first }
            candidates.swapAt(smallest, parent)
            parent = smallest
        }
    }
}
