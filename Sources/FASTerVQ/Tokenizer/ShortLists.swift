public import ActionTokenizers
public import RobotTypes
internal import Torch

extension FASTerVQTokenizer {
    /// For each of `limits` lists of codes as short as keep every chunk's error within it.
    ///
    /// Every place has as many codes as it needs, and a list says how many (`ShortListLayout`); where the network's first
    /// codebooks are enough, they are all. Where all codebooks are not, corrections follow (`Corrections`). So an error
    /// above the limit remains only where a value lies beyond anything recorded, the limit is finer than corrections are,
    /// or a place holds so many values that a codebook has no entries, or hardly any, to change each of them.
    ///
    /// - Throws: `ActionTokenizerError` when a chunk has another shape or a value that is not finite.
    public func shortTokens(for chunks: ActionChunks, withinEach limits: [ErrorLimit]) throws -> [[[Int]]] {
        try check(chunks)
        let coding = ChunkCoding(self, chunks)
        return try limits.map { try lists(of: coding, within: $0) }
    }

    private func lists(of coding: ChunkCoding, within limit: ErrorLimit) throws -> [[Int]] {
        let codes =
            switch limit {
            case .largest(let tolerance): coding.codes(tolerance: tolerance)
            case .mean(let mean): fewestCodes(for: coding, mean: mean)
            }
        let (chunks, layout) = (coding.chunks, shortListLayout)
        var beginnings = [[Int]?](repeating: nil, count: chunks.count)
        for codebooks in (1 ..< max(1, layout.learnedCount)).reversed() {
            let prefixes = codes.map { layout.beginning($0, codebooks: codebooks) }
            let decoded = try coding.chunks(for: prefixes, codebooks: codebooks)
            let errors = limit.errors(ReconstructionErrors(chunks, decoded))
            for chunk in errors.indices where errors[chunk] <= limit.value {
                beginnings[chunk] = prefixes[chunk]
            }
        }
        let whole = try coding.chunks(for: codes, codebooks: codebookCount)
        let errors = limit.errors(ReconstructionErrors(chunks, whole))
        return codes.indices.map { chunk in
            if let beginning = beginnings[chunk] { return layout.list(ofBeginning: beginning) }
            guard errors[chunk] > limit.value else { return layout.list(ChunkCodes(grid: codes[chunk])) }
            let corrections = corrections.codes(
                for: chunks[chunk].values,
                from: whole[chunk].values,
                validSteps: chunks.validSteps[chunk],
                within: limit
            )
            return layout.list(ChunkCodes(grid: codes[chunk], corrections: corrections))
        }
    }

    /// The codes of chunks, of which each place has only as many as help most to bring the mean error down to `mean`, and
    /// code 0 from there on.
    private func fewestCodes(for coding: ChunkCoding, mean: Double) -> [[Int]] {
        let codes = coding.codes(tolerance: nil)
        let errors = coding.placeErrors(codes)
        let layout = shortListLayout
        return codes.indices.map { chunk in
            let scalars = coding.chunks.validSteps[chunk] * dimension
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
            do throws(ShortListError) {
                return try layout.codes(list)
            } catch {
                throw ActionTokenizerError("chunk \(chunk): \(error.reason)")
            }
        }
        var chunks = try chunks(
            lists.map { (codes: $0.grid, codebooks: $0.grid.count / placeCount) }
        )
        let size = horizon * dimension
        for (chunk, list) in lists.enumerated() where !list.corrections.isEmpty {
            var values = chunks[chunk].values
            corrections.add(list.corrections, to: &values)
            chunks.values.replaceSubrange(chunk * size ..< (chunk + 1) * size, with: values)
        }
        return chunks
    }

    private var shortListLayout: ShortListLayout {
        ShortListLayout(
            isDirect: patchifier.parts.flatMap { Array(repeating: $0.isDirect, count: $0.places) },
            learnedCount: model.network.codebooks.codebookCount,
            codebookCount: codebookCount,
            codebookSize: codebookSize,
            correctionCounts: (0 ..< placeCount).map(corrections.count)
        )
    }
}
