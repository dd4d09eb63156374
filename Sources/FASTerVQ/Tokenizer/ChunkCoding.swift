internal import ActionTokenizers
internal import RobotTypes
internal import Torch

/// Chunks of which several encodings are made: many pass through the network once for all, few are encoded one by one.
struct ChunkCoding {
    /// The normalised chunks.
    let chunks: ActionChunks

    private let tokenizer: FASTerVQTokenizer
    private let passes: [Pass]

    private struct Pass {
        let range: Range<Int>
        let pass: ChunkCodec.Pass
    }

    init(_ tokenizer: FASTerVQTokenizer, _ chunks: ActionChunks) {
        self.tokenizer = tokenizer
        self.chunks = chunks
        passes = tokenizer.isFew(chunks.count) ? [] : Self.passes(tokenizer, chunks)
    }

    private static func passes(_ tokenizer: FASTerVQTokenizer, _ chunks: ActionChunks) -> [Pass] {
        let held = chunks.holdingLastValidStep()
        return tokenizer.batches(of: chunks.count).map { range in
            let (actions, mask) = tokenizer.tensors(of: held[range])
            return Pass(
                range: range,
                pass: withoutGradients { tokenizer.codec.pass(actions, stepMask: mask) }
            )
        }
    }

    /// The codes of all codebooks; with a tolerance, those of a place that needs no more are 0.
    func codes(tolerance: Double?) -> [[Int]] {
        guard !passes.isEmpty else {
            return tokenizer.codes(for: chunks.holdingLastValidStep(), tolerance: tolerance)
        }
        return passes.flatMap { part in
            let codes = withoutGradients { tokenizer.codec.codes(of: part.pass, tolerance: tolerance) }
            return codes.integers.rows(of: tokenizer.tokenCount)
        }
    }

    /// The normalised chunks of codes of the first `codebooks` codebooks, of which those of the network are its own.
    ///
    /// - Throws: `ActionTokenizerError` when a list has another length or a code is out of range.
    func chunks(for codes: [[Int]], codebooks: Int) throws -> ActionChunks {
        guard !passes.isEmpty else { return try tokenizer.chunks(for: codes, codebooks: codebooks) }
        return tokenizer.chunks(
            passes.flatMap { part in
                let codes = tokenizer.tensor(codes[part.range])
                return withoutGradients { tokenizer.codec.actions(for: codes, of: part.pass) }.floats
            }
        )
    }

    /// Sums of absolute errors after so many of the codebooks of `codes`, `[(1 + codebooks) · places]` a chunk.
    func placeErrors(_ codes: [[Int]]) -> [[Float]] {
        let passes = passes.isEmpty ? Self.passes(tokenizer, chunks) : passes
        return passes.flatMap { part in
            let codes = tokenizer.tensor(codes[part.range])
            let errors = withoutGradients { tokenizer.codec.placeErrors(codes, of: part.pass) }.floats
            return errors.rows(of: (1 + tokenizer.codebookCount) * tokenizer.placeCount)
        }
    }
}
