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
    /// Errors that rates with as many codes as a chunk needs may leave, normalised; close enough that few bits lie between
    /// a rate of another tokenizer and the next one to compare it with.
    static let limits: [ErrorLimit] =
        [0.2, 0.14, 0.1, 0.08, 0.07, 0.06, 0.05, 0.04, 0.03, 0.02].map { .largest($0) }
        + [0.03, 0.02, 0.015, 0.012, 0.01, 0.0075, 0.005].map { .mean($0) }

    /// Every rate of `tokenizer`: one, or, where codebooks can be left out, one for every number of codebooks and one for
    /// every limit.
    ///
    /// - Throws: What the tokenizer throws.
    static func all(of tokenizer: any ActionTokenizer, _ entrant: Entrant, on compared: ComparedChunks) throws
        -> [TriedRate]
    {
        try tokenizer.check(compared.chunks)
        let chunks = tokenizer.normalized(compared.chunks)
        let tokens = try tokenizer.tokens(for: chunks)
        guard let residual = tokenizer as? any ResidualTokenizer, residual.codebookCount > 1 else {
            let decoded = try TokenizerEvaluation.decode(tokens, tokenizer, count: chunks.count)
            let trial = try Trial(tokenizer, tokens: tokens, decoded: decoded, on: compared)
            return [TriedRate(line: entrant.line, label: entrant.label, isWhole: true, trial: trial)]
        }
        let words = entrant.label.isEmpty ? "" : entrant.label + ", "
        let fixed = try zip(1..., residual.chunks(forPrefixesOf: tokens)).map { used, decoded in
            let prefix = residual.prefix(codebooks: used)
            let cut = tokens.map { Array($0.prefix(used * residual.placeCount)) }
            return TriedRate(
                line: entrant.line,
                label: "\(words)\(used) codebook\(used == 1 ? "" : "s")",
                isWhole: used == residual.codebookCount,
                trial: try Trial(prefix, tokens: cut, decoded: decoded, on: compared)
            )
        }
        let lists = try residual.shortTokens(for: chunks, withinEach: limits)
        let adaptive = try zip(limits, lists).map { limit, tokens in
            let tokenizer = residual.adaptive(within: limit)
            let decoded = try TokenizerEvaluation.decode(tokens, tokenizer, count: chunks.count)
            return TriedRate(
                line: "\(entrant.line), \(limit.line)",
                label: "\(words)\(limit.label)",
                isWhole: false,
                trial: try Trial(tokenizer, tokens: tokens, decoded: decoded, on: compared)
            )
        }
        return fixed + adaptive
    }
}

extension ErrorLimit {
    /// What tells the curve of lists that keep such limits from others.
    fileprivate var line: String {
        switch self {
        case .largest: "adaptive"
        case .mean: "adaptive by mean"
        }
    }

    /// What tells a rate from others of its curve.
    fileprivate var label: String {
        switch self {
        case .largest(let value): "within \(value)"
        case .mean(let value): "mean \(value)"
        }
    }
}
