internal import ActionTokenizers
internal import RobotTypes

/// Encoding and decoding of all chunks by one tokenizer at one operating point.
struct CandidateRun: Sendable {
    /// Tokens of every chunk.
    let lengths: [Double]

    /// Forwards that predict every chunk.
    let forwards: [Double]

    /// Bits of every chunk.
    let bits: [Double]

    /// Errors in the units of the comparison.
    let errors: ReconstructionErrors

    /// Mean absolute error of every column, in the robot's units.
    let columnErrors: [Double]

    /// Use of every codebook.
    let codebooks: [TokenizerMetrics.CodebookUse]

    /// The decoded chunks, in the units of the comparison.
    let reconstruction: ActionChunks

    /// Compares what `tokenizer` decoded from `tokens`, normalised in its own way, with the original.
    init(
        _ tokenizer: any ActionTokenizer,
        tokens: [[Int]],
        decoded: ActionChunks,
        on compared: ComparedChunks
    ) throws {
        lengths = tokens.map { Double($0.count) }
        let perForward = Double(tokenizer.layout.latentPositionCount ?? 1)
        forwards = lengths.map { $0 / perForward }
        bits = tokens.map { tokenizer.bits(of: $0) }
        let restored = tokenizer.restored(decoded)
        reconstruction = compared.normalized(restored)
        errors = ReconstructionErrors(compared.normalized(compared.chunks), reconstruction)
        columnErrors = ReconstructionErrors(compared.chunks, restored).l1PerDimension
        // A codebook without tokens has no use to measure.
        codebooks = try TokenizerEvaluation.count(tokens, tokenizer).filter { $0.contains { $0 > 0 } }
            .map(TokenizerEvaluation.use)
    }
}

/// A run of one tokenizer, with its curve and point label.
struct CandidatePoint: Sendable {
    let curve: String
    let pointLabel: String
    /// True with all codebooks, false for a prefix of them.
    let isFullTokenizer: Bool
    let run: CandidateRun
}

extension CandidatePoint {
    /// All operating points of `tokenizer`: one for every number of codebooks that decodes, or the one of chunks that end early.
    ///
    /// - Throws: The errors of the tokenizer.
    static func all(of tokenizer: any ActionTokenizer, _ candidate: Candidate, on compared: ComparedChunks)
        throws
        -> [CandidatePoint]
    {
        try tokenizer.check(compared.chunks)
        let chunks = tokenizer.normalized(compared.chunks)
        let tokens = try tokenizer.tokens(for: chunks)
        if let tolerance = candidate.earlyEnd {
            let ended = try EarlyEndedChunks(tokens, of: chunks, tokenizer, tolerance: tolerance)
            return [
                CandidatePoint(
                    curve: candidate.curve,
                    pointLabel: candidate.pointLabel,
                    isFullTokenizer: true,
                    run: try CandidateRun(
                        tokenizer,
                        tokens: ended.tokens,
                        decoded: ended.reconstruction,
                        on: compared
                    )
                )
            ]
        }
        let prefixes = try TokenizerEvaluation.decodePrefixes(tokens, tokenizer, count: chunks.count)
        let full = tokenizer.layout.codebookCount
        let prefix = candidate.pointLabel.isEmpty ? "" : candidate.pointLabel + ", "
        return try zip(tokenizer.decodableCodebooks, prefixes).map { used, decoded in
            let positions = tokenizer.layout.latentPositionCount
            let cut = tokens.map { Array($0.prefix(positions.map { $0 * used } ?? $0.count)) }
            return CandidatePoint(
                curve: candidate.curve,
                pointLabel: full > 1 && prefixes.count > 1
                    ? "\(prefix)\(used) codebook\(used == 1 ? "" : "s")" : candidate.pointLabel,
                isFullTokenizer: used == full,
                run: try CandidateRun(tokenizer, tokens: cut, decoded: decoded, on: compared)
            )
        }
    }
}
