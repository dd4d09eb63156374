internal import ActionTokenizers
public import RobotTypes
internal import Torch

extension FASTerVQTokenizer {
    /// Lists of codes as short as keep every chunk's error within `tolerance`.
    ///
    /// A place that needs no more has code 0 and is left out of the codebooks after it; what all places leave out, no list
    /// has; and where the network's first codebooks are enough, they are all. Where all codebooks are not, corrections
    /// follow (``Corrections``). So an error above the tolerance remains only where a value lies beyond anything recorded, the
    /// tolerance is finer than corrections are, or a place holds so many values that a codebook has no entries, or hardly
    /// any, to change each of them.
    ///
    /// - Throws: `ActionTokenizerError` when a chunk has another shape or a value that is not finite.
    public func shortTokens(for chunks: ActionChunks, tolerance: Double) throws -> [[Int]] {
        try check(chunks)
        let codes = codes(for: chunks.holdingLastValidStep(), tolerance: tolerance)
        let layout = shortListLayout
        var lengths = [Int](repeating: codebookCount, count: chunks.count)
        for codebooks in (1 ..< max(1, layout.learnedCount)).reversed() {
            let prefix = try self.chunks(
                for: codes.map { Array($0.prefix(codebooks * placeCount)) },
                codebooks: codebooks
            )
            for (chunk, peak) in ReconstructionErrors(chunks, prefix).peaks.enumerated()
            where peak <= tolerance {
                lengths[chunk] = codebooks
            }
        }
        let whole = try self.chunks(for: codes)
        return codes.indices.map { chunk in
            guard lengths[chunk] == codebookCount else {
                return layout.list(codes[chunk], rounds: lengths[chunk])
            }
            let corrected =
                codes[chunk]
                + corrections.codes(
                    for: chunks[chunk].values,
                    from: whole[chunk].values,
                    validSteps: chunks.validSteps[chunk],
                    tolerance: tolerance
                )
            return layout.list(corrected, rounds: corrected.count / placeCount)
        }
    }

    /// The normalised chunks of such lists.
    ///
    /// - Throws: `ActionTokenizerError` that names the chunk whose list ends too early or too late, or has a code out of
    ///   range.
    public func chunks(forShort tokens: [[Int]]) throws -> ActionChunks {
        let layout = shortListLayout
        let lists = try tokens.enumerated().map { chunk, list in
            guard let whole = layout.codes(list) else {
                throw ActionTokenizerError(
                    "chunk \(chunk): a list of \(list.count) codes ends within a codebook, or goes on when "
                        + "nothing is left to refine"
                )
            }
            for (position, index) in whole.positions.enumerated() {
                let isCorrection = index >= tokenCount
                let size = isCorrection ? corrections.count(at: index % placeCount) : codebookSize
                guard (0 ..< size).contains(list[position]) else {
                    throw ActionTokenizerError(
                        "chunk \(chunk): token \(position): expected 0 ..< \(size), found \(list[position])"
                    )
                }
            }
            return whole
        }
        var chunks = try chunks(
            lists.map {
                (codes: Array($0.codes.prefix(tokenCount)), codebooks: min($0.rounds, codebookCount))
            }
        )
        let size = horizon * dimension
        for (chunk, list) in lists.enumerated() where list.rounds > codebookCount {
            var values = chunks[chunk].values
            corrections.add(list.codes.dropFirst(tokenCount), to: &values)
            chunks.values.replaceSubrange(chunk * size ..< (chunk + 1) * size, with: values)
        }
        return chunks
    }

    private var shortListLayout: ShortListLayout {
        ShortListLayout(
            isDirect: patchifier.parts.flatMap { Array(repeating: $0.isDirect, count: $0.places) },
            learnedCount: model.network.codebooks.codebookCount,
            codebookCount: codebookCount
        )
    }
}

/// Which codes of a whole grid, and of the corrections after it, a short list has.
///
/// A round is a codebook or a round of corrections; with the first correction all places begin anew.
struct ShortListLayout {
    /// Places that go past the network.
    let isDirect: [Bool]

    /// Codebooks of the network's.
    let learnedCount: Int

    /// Codebooks in all.
    let codebookCount: Int

    /// The list for the first `rounds` rounds of `codes`, `[rounds · places]`.
    func list(_ codes: [Int], rounds: Int) -> [Int] {
        let places = isDirect.indices
        let last = (0 ..< rounds).last { round in
            round < learnedCount || places.contains { codes[round * places.count + $0] > 0 }
        }
        var list: [Int] = []
        var open = places.map { _ in true }
        for round in 0 ... (last ?? 0) {
            if round == codebookCount { open = places.map { _ in true } }
            for place in places where open[place] {
                let code = codes[round * places.count + place]
                list.append(code)
                open[place] = code > 0 || !refines(round, place)
            }
        }
        return list
    }

    /// The whole codes of a list, where among them each of the list's is, and how many rounds they are of; nil where it is
    /// no such list.
    func codes(_ list: [Int]) -> (codes: [Int], positions: [Int], rounds: Int)? {
        let places = isDirect.indices
        var codes: [Int] = []
        var positions: [Int] = []
        var open = places.map { _ in true }
        var (position, round) = (0, 0)
        while position < list.count {
            if round == codebookCount { open = places.map { _ in true } }
            let listed = places.filter { open[$0] }
            guard round < codebookCount || !listed.isEmpty, round < codebookCount + Corrections.limit,
                position + listed.count <= list.count
            else {
                return nil
            }
            codes += places.map { _ in 0 }
            for place in listed {
                let code = list[position]
                codes[round * places.count + place] = code
                positions.append(round * places.count + place)
                open[place] = code > 0 || !refines(round, place)
                position += 1
            }
            round += 1
        }
        return round > 0 ? (codes, positions, round) : nil
    }

    /// Whether code 0 of a round says that a place needs no more.
    private func refines(_ round: Int, _ place: Int) -> Bool {
        isDirect[place] || round >= learnedCount
    }
}
