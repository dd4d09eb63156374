public import ActionTokenizers
public import RobotTypes
internal import Torch

extension FASTerVQTokenizer {
    /// Lists of codes as short as keep every chunk's error within `limit`.
    ///
    /// A place that needs no more has code 0 and is left out of the codebooks after it; what all places leave out, no list
    /// has; and where the network's first codebooks are enough, they are all. Where all codebooks are not, corrections
    /// follow (`Corrections`). So an error above the limit remains only where a value lies beyond anything recorded, the
    /// limit is finer than corrections are, or a place holds so many values that a codebook has no entries, or hardly
    /// any, to change each of them.
    ///
    /// - Throws: `ActionTokenizerError` when a chunk has another shape or a value that is not finite.
    public func shortTokens(for chunks: ActionChunks, within limit: ErrorLimit) throws -> [[Int]] {
        try check(chunks)
        let held = chunks.holdingLastValidStep()
        let codes =
            switch limit {
            case .largest(let tolerance): codes(for: held, tolerance: tolerance)
            case .mean(let mean): fewestCodes(for: held, mean: mean)
            }
        let layout = shortListLayout
        var lengths = [Int](repeating: codebookCount, count: chunks.count)
        for codebooks in (1 ..< max(1, layout.learnedCount)).reversed() {
            let prefix = try self.chunks(
                for: codes.map { Array($0.prefix(codebooks * placeCount)) },
                codebooks: codebooks
            )
            let errors = limit.errors(ReconstructionErrors(chunks, prefix))
            for chunk in errors.indices where errors[chunk] <= limit.value { lengths[chunk] = codebooks }
        }
        let whole = try self.chunks(for: codes)
        let errors = limit.errors(ReconstructionErrors(chunks, whole))
        return codes.indices.map { chunk in
            guard lengths[chunk] == codebookCount, errors[chunk] > limit.value else {
                return layout.list(codes[chunk], rounds: lengths[chunk])
            }
            let corrected =
                codes[chunk]
                + corrections.codes(
                    for: chunks[chunk].values,
                    from: whole[chunk].values,
                    validSteps: chunks.validSteps[chunk],
                    within: limit
                )
            return layout.list(corrected, rounds: corrected.count / placeCount)
        }
    }

    /// The codes of `chunks`, of which each place has only as many as help most to bring the mean error down to `mean`, and
    /// code 0 from there on.
    private func fewestCodes(for chunks: ActionChunks, mean: Double) -> [[Int]] {
        let codes = codes(for: chunks, tolerance: nil)
        let errors = placeErrors(of: chunks, codes)
        let layout = shortListLayout
        return codes.indices.map { chunk in
            let scalars = chunks.validSteps[chunk] * dimension
            return layout.cut(codes[chunk], errors: errors[chunk], within: Float(mean) * Float(scalars))
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

    /// The codes of a whole grid with those replaced by 0 that the sum of errors does without.
    ///
    /// - Parameters:
    ///   - codes: `[codebooks · places]`.
    ///   - errors: Sums of absolute errors after so many codebooks, `[(1 + codebooks) · places]`.
    ///   - limit: What the sum over all places may be.
    /// - Returns: As many codes.
    func cut(_ codes: [Int], errors: [Float], within limit: Float) -> [Int] {
        let places = isDirect.count
        let firsts = isDirect.map { $0 ? 0 : learnedCount }
        let used = (0 ..< places).map { place in
            // A place whose nearest entry is nothing has had its last code.
            (firsts[place] ..< codebookCount).first { codes[$0 * places + place] == 0 } ?? codebookCount
        }
        let budget = CodeBudget(
            errors: (0 ..< places).map { place in
                (firsts[place] ... used[place]).map { errors[$0 * places + place] }
            }
        )
        var result = codes
        for (place, count) in budget.counts(within: limit).enumerated() {
            for codebook in firsts[place] + count ..< codebookCount { result[codebook * places + place] = 0 }
        }
        return result
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
