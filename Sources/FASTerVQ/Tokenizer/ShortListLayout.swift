/// All codes of a chunk.
struct ChunkCodes: Equatable {
    /// Those of the first codebooks, along the places, then the codebooks, `[codebooks · places]`.
    var grid: [Int]

    /// Corrections of every place; empty where no place has any.
    var corrections: [[Int]] = []
}

/// How a short list holds the codes of a chunk.
///
/// It begins with the first codebook's codes of all places, then come those of the network's other codebooks, which only
/// the places have that pass through it. A list may end with any of these codebooks. What refines places follows in
/// blocks: how many codes each place has (``CountCodes``), then these codes, first ones first. Places of which a count
/// says "so many or more" are in the next block; where none has more, the list ends.
///
/// After a code 0, or its last codebook, a place goes on with corrections.
struct ShortListLayout {
    /// Places that go past the network.
    let isDirect: [Bool]

    /// Codebooks of the network's.
    let learnedCount: Int

    /// Codebooks in all.
    let codebookCount: Int

    /// Entries of a codebook.
    let codebookSize: Int

    /// How many corrections every place chooses from; the first one is nothing.
    let correctionCounts: [Int]

    private var places: Range<Int> { isDirect.indices }
    private var countCodes: CountCodes { CountCodes(size: codebookSize) }

    /// The first codebook that refines a place, of those that a list need not have.
    private func firstRefining(_ place: Int) -> Int { isDirect[place] ? 1 : learnedCount }

    /// The places with codes in a codebook that all lists of so many have.
    private func places(beginning codebook: Int) -> [Int] {
        places.filter { codebook == 0 || !isDirect[$0] }
    }

    /// The first `codebooks` codebooks of `grid`, at most the network's, with 0 for what refines places.
    func beginning(_ grid: [Int], codebooks: Int) -> [Int] {
        var result = Array(grid.prefix(codebooks * places.count))
        for place in places where isDirect[place] {
            for codebook in 1 ..< max(1, codebooks) { result[codebook * places.count + place] = 0 }
        }
        return result
    }

    /// The list of codes from ``beginning(_:codebooks:)``.
    func list(ofBeginning grid: [Int]) -> [Int] {
        let count = places.count
        return (0 ..< grid.count / count).flatMap { codebook in
            places(beginning: codebook).map { grid[codebook * count + $0] }
        }
    }

    /// The list of a chunk's codes, of all codebooks.
    func list(_ codes: ChunkCodes) -> [Int] {
        var list = list(ofBeginning: Array(codes.grid.prefix(learnedCount * places.count)))
        let refining = places.map { self.refining(codes, at: $0) }
        var written = [Int](repeating: 0, count: places.count)
        var open = Array(places)
        var isFirst = true
        while open.contains(where: { written[$0] < refining[$0].count }) {
            let groups = countCodes.groups(open, isFirst: isFirst)
            isFirst = false
            var block = written
            for group in groups {
                let left = group.places.map { refining[$0].count - written[$0] }
                list.append(group.code(of: left))
                for (place, count) in zip(group.places, left) { block[place] += min(count, group.most) }
            }
            let longest = open.map { block[$0] - written[$0] }.max() ?? 0
            for round in 0 ..< longest {
                for place in open where written[place] + round < block[place] {
                    list.append(refining[place][written[place] + round])
                }
            }
            open = groups.flatMap { group in group.places.filter { block[$0] - written[$0] == group.most } }
            written = block
        }
        return list
    }

    /// The codes that a list need not have at a place: those of codebooks that refine it, as far as they are not 0, and
    /// corrections.
    private func refining(_ codes: ChunkCodes, at place: Int) -> [Int] {
        let first = firstRefining(place)
        let all = (first ..< max(first, codebookCount)).map { codes.grid[$0 * places.count + place] }
        // A place that goes past the network and has nothing there has had its last code, too.
        let isDone = isDirect[place] && codes.grid[place] == 0
        let used = isDone ? [] : Array(all.prefix { $0 > 0 })
        let corrections = codes.corrections.isEmpty ? [] : codes.corrections[place]
        let mark = corrections.isEmpty || isDone || used.count == all.count ? [] : [0]
        return used + mark + corrections
    }

    /// The codes of a list, which has them for as many codebooks as it needs.
    func codes(_ list: [Int]) throws(ShortListError) -> ChunkCodes {
        var reader = ShortListReader(list)
        var grid: [Int] = []
        while grid.isEmpty || !reader.isAtEnd, grid.count < learnedCount * places.count {
            let first = grid.count
            grid += places.map { _ in 0 }
            for place in places(beginning: first / places.count) {
                grid[first + place] = try reader.next(below: codebookSize)
            }
        }
        var chunk = PlacesRead(codes: ChunkCodes(grid: grid), layout: self)
        var open = Array(places)
        var isFirst = true
        while !reader.isAtEnd {
            let groups = countCodes.groups(open, isFirst: isFirst)
            isFirst = false
            var taken = [Int](repeating: 0, count: places.count)
            for group in groups {
                let found = group.counts(in: try reader.next(below: group.size))
                for (place, count) in zip(group.places, found) { taken[place] = count }
            }
            let longest = taken.max() ?? 0
            guard longest > 0 else { throw reader.goesOn }
            for round in 0 ..< longest {
                for place in open where round < taken[place] { try chunk.read(place, &reader) }
            }
            open = groups.flatMap { group in group.places.filter { taken[$0] == group.most } }
            guard !open.isEmpty || reader.isAtEnd else { throw reader.goesOn }
        }
        return chunk.codes
    }

    /// What is known of a list's codes that refine places.
    private struct PlacesRead {
        var codes: ChunkCodes
        let layout: ShortListLayout
        /// The codebook that a place's next code is of; that after the last one for corrections.
        private var next: [Int]

        init(codes: ChunkCodes, layout: ShortListLayout) {
            self.codes = codes
            self.layout = layout
            next = layout.places.map { place in
                layout.isDirect[place] && codes.grid[place] == 0
                    ? layout.codebookCount : layout.firstRefining(place)
            }
        }

        mutating func read(_ place: Int, _ reader: inout ShortListReader) throws(ShortListError) {
            let count = layout.places.count
            guard next[place] < layout.codebookCount else {
                let code = try reader.next(below: layout.correctionCounts[place])
                if codes.corrections.isEmpty { codes.corrections = layout.places.map { _ in [] } }
                codes.corrections[place].append(code)
                return
            }
            let index = next[place] * count + place
            let code = try reader.next(below: layout.codebookSize)
            let missing = (next[place] + 1) * count - codes.grid.count
            if missing > 0 { codes.grid += repeatElement(0, count: missing) }
            codes.grid[index] = code
            next[place] = code > 0 ? next[place] + 1 : layout.codebookCount
        }
    }

    /// The codes of a whole grid with those replaced by 0 that the sum of errors does without.
    ///
    /// - Parameters:
    ///   - codes: `[codebooks · places]`.
    ///   - errors: Sums of absolute errors after so many codebooks, `[(1 + codebooks) · places]`.
    ///   - limit: What the sum over all places may be.
    /// - Returns: As many codes.
    func cut(_ codes: [Int], errors: [Float], within limit: Float) -> [Int] {
        let count = places.count
        let firsts = places.map(firstRefining)
        let refining = places.map { self.refining(ChunkCodes(grid: codes), at: $0).count }
        let budget = CodeBudget(
            errors: places.map { place in
                (firsts[place] ... firsts[place] + refining[place]).map { errors[$0 * count + place] }
            }
        )
        var result = codes
        for (place, needed) in budget.counts(within: limit).enumerated() {
            let rest = firsts[place] + needed ..< max(firsts[place] + needed, codebookCount)
            for codebook in rest { result[codebook * count + place] = 0 }
        }
        return result
    }
}
