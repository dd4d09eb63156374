internal import ActionTokenizers
public import RobotTypes
internal import Torch

extension FASTerVQTokenizer {
    /// Lists of codes as short as keep every chunk's error within `tolerance`, where the codebooks can.
    ///
    /// A place that needs no more has code 0 and is left out of the codebooks after it; what all places leave out, no list
    /// has; and where the network's first codebooks are enough, they are all.
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
        return zip(codes, lengths).map { layout.list($0, codebooks: $1) }
    }

    /// The normalised chunks of such lists.
    ///
    /// - Throws: `ActionTokenizerError` that names the chunk whose list ends too early or too late, or has a code out of
    ///   range.
    public func chunks(forShort tokens: [[Int]]) throws -> ActionChunks {
        let layout = shortListLayout
        return try chunks(
            tokens.enumerated().map { chunk, list in
                guard let whole = layout.codes(list) else {
                    throw ActionTokenizerError(
                        "chunk \(chunk): a list of \(list.count) codes ends within a codebook, or goes on when "
                            + "nothing is left to refine"
                    )
                }
                return whole
            }
        )
    }

    private var shortListLayout: ShortListLayout {
        ShortListLayout(
            isDirect: patchifier.parts.flatMap { Array(repeating: $0.isDirect, count: $0.places) },
            learnedCount: model.network.codebooks.codebookCount,
            codebookCount: codebookCount
        )
    }
}

/// Which codes of a whole grid a short list has.
struct ShortListLayout {
    /// Places that go past the network.
    let isDirect: [Bool]

    /// Codebooks of the network's.
    let learnedCount: Int

    /// Codebooks in all.
    let codebookCount: Int

    /// The list for the first `codebooks` codebooks of `codes`, `codebookCount · places` of them.
    func list(_ codes: [Int], codebooks: Int) -> [Int] {
        let places = isDirect.indices
        let last = (0 ..< codebooks).last { codebook in
            codebook < learnedCount || places.contains { codes[codebook * places.count + $0] > 0 }
        }
        var list: [Int] = []
        var open = places.map { _ in true }
        for codebook in 0 ... (last ?? 0) {
            for place in places where open[place] {
                let code = codes[codebook * places.count + place]
                list.append(code)
                open[place] = code > 0 || !refines(codebook, place)
            }
        }
        return list
    }

    /// The whole codes of a list, and how many codebooks they are of; nil where it is no such list.
    func codes(_ list: [Int]) -> (codes: [Int], codebooks: Int)? {
        let places = isDirect.indices
        var codes: [Int] = []
        var open = places.map { _ in true }
        var (position, codebook) = (0, 0)
        while position < list.count {
            let listed = places.filter { open[$0] }
            guard codebook < codebookCount, !listed.isEmpty, position + listed.count <= list.count else {
                return nil
            }
            codes += places.map { _ in 0 }
            for place in listed {
                let code = list[position]
                codes[codebook * places.count + place] = code
                open[place] = code > 0 || !refines(codebook, place)
                position += 1
            }
            codebook += 1
        }
        return codebook > 0 ? (codes, codebook) : nil
    }

    /// Whether code 0 of a codebook says that a place needs no more.
    private func refines(_ codebook: Int, _ place: Int) -> Bool {
        isDirect[place] || codebook >= learnedCount
    }
}
