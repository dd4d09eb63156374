public import RobotTypes

/// Chunks whose grids of tokens end after the fewest codebooks that are good enough.
///
/// Only whole codebooks are left out, so a policy that predicts a codebook a forward saves tokens and forwards on easy
/// chunks, as sequences of variable length do.
public struct EarlyEndedChunks: Sendable {
    /// Number of leading codebooks of every chunk, in ``ActionTokenizer/decodableCodebooks``.
    public let codebooks: [Int]

    /// Tokens of these codebooks, one list a chunk.
    public let tokens: [[Int]]

    /// Normalised chunks of these tokens, clipped to the recorded range.
    public let reconstruction: ActionChunks

    /// Ends every chunk after the fewest codebooks that reconstruct it within `tolerance`; chunks that no number of codebooks
    /// does keep all.
    ///
    /// - Parameters:
    ///   - tokens: The tokens of all codebooks, one list a chunk.
    ///   - chunks: The chunks that they encode, normalised.
    ///   - tokenizer: The tokenizer of both.
    ///   - tolerance: Largest absolute error of a value inside the episode, in normalised units.
    /// - Throws: `ActionTokenizerError` when no prefix of the codebooks decodes, and the tokenizer's errors.
    public init(
        _ tokens: [[Int]],
        of chunks: ActionChunks,
        _ tokenizer: any ActionTokenizer,
        tolerance: Double
    ) throws {
        let counts = Array(tokenizer.decodableCodebooks)
        guard let positions = tokenizer.layout.latentPositionCount, counts.count > 1 else {
            throw ActionTokenizerError(
                "'\(tokenizer.name)' cannot end chunks early: expected a grid of two codebooks or more, any first ones of which "
                    + "decode"
            )
        }
        let decoded = try TokenizerEvaluation.decodePrefixes(tokens, tokenizer, count: chunks.count)
        let errors = decoded.map { ReconstructionErrors(chunks, $0).peaks }
        let chosen = (0 ..< chunks.count).map { chunk in
            errors.firstIndex { $0[chunk] <= tolerance } ?? counts.count - 1
        }
        codebooks = chosen.map { counts[$0] }
        self.tokens = zip(tokens, codebooks).map { Array($0.prefix($1 * positions)) }
        let size = chunks.horizon * chunks.dimension
        reconstruction = ActionChunks(
            count: chunks.count,
            horizon: chunks.horizon,
            dimension: chunks.dimension,
            values: chosen.enumerated().flatMap { chunk, index in
                decoded[index].values[chunk * size ..< (chunk + 1) * size]
            }
        )
    }
}
