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
    /// Largest errors that rates with as many codebooks as a chunk needs may leave, normalised.
    static let tolerances = [0.1, 0.05, 0.02]

    /// Every rate of `tokenizer`: one, or, where codebooks can be left out, one for every number of codebooks and one for
    /// every tolerance.
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
        let prefixes = try residual.prefixes(of: tokens)
        let words = entrant.label.isEmpty ? "" : entrant.label + ", "
        func cut(_ codebooks: [Int]) -> [[Int]] {
            zip(tokens, codebooks).map { Array($0.prefix($1 * residual.placeCount)) }
        }
        let fixed = try prefixes.enumerated().map { index, decoded in
            let used = index + 1
            return TriedRate(
                line: entrant.line,
                label: "\(words)\(used) codebook\(used == 1 ? "" : "s")",
                isWhole: used == prefixes.count,
                trial: try Trial(
                    residual.prefix(codebooks: used),
                    tokens: cut(Array(repeating: used, count: tokens.count)),
                    decoded: decoded,
                    on: compared
                )
            )
        }
        let adaptive = try tolerances.map { tolerance in
            let needed = AdaptiveTokenizer.codebooksNeeded(
                for: chunks,
                prefixes: prefixes,
                tolerance: tolerance
            )
            let trial = try Trial(
                tokenizer,
                tokens: cut(needed),
                decoded: chunks.choosing(prefixes, needed),
                on: compared
            )
            let line = "\(entrant.line), adaptive"
            return TriedRate(line: line, label: "\(words)within \(tolerance)", isWhole: false, trial: trial)
        }
        return fixed + adaptive
    }
}

extension ActionChunks {
    /// Of every chunk the version that `choice`, counted from 1, names.
    fileprivate func choosing(_ versions: [ActionChunks], _ choice: [Int]) -> ActionChunks {
        var result = self
        let size = horizon * dimension
        for chunk in 0 ..< count {
            let range = chunk * size ..< (chunk + 1) * size
            result.values.replaceSubrange(range, with: versions[choice[chunk] - 1].values[range])
        }
        return result
    }
}
