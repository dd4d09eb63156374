internal import ActionTokenizers
internal import RobotTypes

/// One tokenizer at one rate, tried on all chunks.
struct Trial: Sendable {
    /// Tokens of every chunk.
    let lengths: [Double]

    /// Bits of every chunk.
    let bits: [Double]

    /// Errors in the units of the comparison.
    let errors: ReconstructionErrors

    /// Mean absolute error of every column, in the robot's units.
    let columnErrors: [Double]

    /// How evenly every codebook is used.
    let codebooks: [TokenizerMetrics.CodebookUse]

    /// What came back, in the units of the comparison.
    let reconstruction: ActionChunks

    /// Compares what `tokenizer` decoded from `tokens`, normalised in its own way, with the original.
    init(
        _ tokenizer: any ActionTokenizer,
        tokens: [[Int]],
        decoded: ActionChunks,
        on compared: ComparedChunks
    ) throws {
        lengths = tokens.map { Double($0.count) }
        bits = tokens.map { tokenizer.bits(of: $0) }
        let restored = tokenizer.restored(decoded)
        reconstruction = compared.normalized(restored)
        errors = ReconstructionErrors(compared.normalized(compared.chunks), reconstruction)
        columnErrors = ReconstructionErrors(compared.chunks, restored).l1PerDimension
        // A codebook without a token says nothing about how evenly it is used.
        codebooks = try TokenizerEvaluation.count(tokens, tokenizer).filter { $0.contains { $0 > 0 } }
            .map(TokenizerEvaluation.use)
    }
}

/// One tokenizer at one rate, and what tells the rate from its others.
struct TriedRate: Sendable {
    let line: String
    let label: String
    /// Whether all codebooks are used on every chunk.
    let isWhole: Bool
    let trial: Trial
}

extension TriedRate {
    /// Every rate of `tokenizer`: one, or, where codebooks can be left out, one for every number of codebooks.
    ///
    /// - Throws: What the tokenizer throws.
    static func all(of tokenizer: any ActionTokenizer, _ entrant: Entrant, on compared: ComparedChunks) throws
        -> [TriedRate]
    {
        try tokenizer.check(compared.chunks)
        let chunks = tokenizer.normalized(compared.chunks)
        let tokens = try tokenizer.tokens(for: chunks)
        let prefixes = try TokenizerEvaluation.decodePrefixes(tokens, tokenizer, count: chunks.count)
        let whole = tokenizer.layout.codebookCount
        let words = entrant.label.isEmpty ? "" : entrant.label + ", "
        return try zip(tokenizer.decodableCodebooks, prefixes).map { used, decoded in
            let positions = tokenizer.layout.latentPositionCount
            let cut = tokens.map { Array($0.prefix(positions.map { $0 * used } ?? $0.count)) }
            return TriedRate(
                line: entrant.line,
                label: whole > 1 && prefixes.count > 1
                    ? "\(words)\(used) codebook\(used == 1 ? "" : "s")" : entrant.label,
                isWhole: used == whole,
                trial: try Trial(tokenizer, tokens: cut, decoded: decoded, on: compared)
            )
        }
    }
}
