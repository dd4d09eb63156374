public import RobotTypes

/// A residual tokenizer that spends on every chunk as few tokens as keep its error within a limit.
///
/// Easy chunks get short lists, hard ones long ones; the length of a list says how many codebooks there are.
public struct AdaptiveTokenizer: ActionTokenizer {
    /// What the codebooks belong to.
    public let base: any ResidualTokenizer

    /// The error that the chosen codes may leave.
    public let limit: ErrorLimit

    /// Creates the tokenizer that keeps errors of `base` within `limit` where its codebooks can.
    public init(_ base: any ResidualTokenizer, within limit: ErrorLimit) {
        precondition(limit.value >= 0, "an error is not negative")
        self.base = base
        self.limit = limit
    }

    /// For example `fastervq:tolerance=0.05`.
    public var name: String { "\(base.name):\(limit.setting)" }

    /// Control steps of a chunk.
    public var horizon: Int { base.horizon }

    /// Columns of an action.
    public var dimension: Int { base.dimension }

    /// How the robot's units map to normalised ones.
    public var normalization: Normalization { base.normalization }

    /// One alphabet: where lists skip what a place does not need, a token's position does not tell its codebook.
    public var codebookSizes: [Int] { [base.codebookSizes.max() ?? 1] }

    /// The only one.
    public func codebook(ofToken position: Int) -> Int { 0 }

    /// The shortest lists that keep the limit.
    ///
    /// - Throws: What the whole tokenizer throws.
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        try base.shortTokens(for: chunks, withinEach: [limit])[0]
    }

    /// The normalised chunks of such lists.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the chunk whose codes are no such list; what the whole tokenizer
    ///   throws.
    public func chunks(for tokens: [[Int]]) throws -> ActionChunks { try base.chunks(forShort: tokens) }
}

extension ResidualTokenizer {
    /// What chunks are after every number of codebooks, each decoded by itself.
    ///
    /// - Throws: What the tokenizer throws.
    public func chunks(forPrefixesOf tokens: [[Int]]) throws -> [ActionChunks] {
        try (1 ... codebookCount).map { codebooks in
            try chunks(for: tokens.map { Array($0.prefix(codebooks * placeCount)) }, codebooks: codebooks)
        }
    }

    /// The codes of as many first codebooks as every chunk needs.
    ///
    /// - Throws: What the tokenizer throws.
    /// - Complexity: One encoding, and a decoding for every codebook.
    public func shortTokens(for chunks: ActionChunks, withinEach limits: [ErrorLimit]) throws -> [[[Int]]] {
        let codes = try tokens(for: chunks)
        let prefixes = try self.chunks(forPrefixesOf: codes).map { ReconstructionErrors(chunks, $0) }
        return limits.map { limit in
            let errors = prefixes.map(limit.errors)
            return codes.indices.map { chunk in
                let needed = errors.firstIndex { $0[chunk] <= limit.value } ?? codebookCount - 1
                return Array(codes[chunk].prefix((needed + 1) * placeCount))
            }
        }
    }

    /// The normalised chunks of lists that hold the codes of one or more whole codebooks.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the chunk whose codes are no such list or out of range; what the
    ///   tokenizer throws.
    public func chunks(forShort tokens: [[Int]]) throws -> ActionChunks {
        let places = placeCount
        if let chunk = tokens.firstIndex(where: {
            $0.count % places != 0 || !(1 ... codebookCount).contains($0.count / places)
        }) {
            throw ActionTokenizerError(
                "chunk \(chunk): expected \(places) codes for each of 1 ... \(codebookCount) codebooks, found "
                    + "\(tokens[chunk].count) codes"
            )
        }
        // Decoding deals lists out by their length, after which no index is that of the caller's any more.
        try check(tokens, lengths: places ... places * codebookCount)
        return try chunks(tokens.map { (codes: $0, codebooks: $0.count / places) })
    }

    /// The normalised chunks of lists of codes, each with its number of codebooks.
    ///
    /// - Throws: What the tokenizer throws; it counts chunks among those of as many codebooks.
    public func chunks(_ lists: [(codes: [Int], codebooks: Int)]) throws -> ActionChunks {
        let size = horizon * dimension
        var values = [Float](repeating: 0, count: lists.count * size)
        for (codebooks, members) in Dictionary(grouping: lists.indices, by: { lists[$0].codebooks }) {
            let decoded = try chunks(for: members.map { lists[$0].codes }, codebooks: codebooks)
            for (row, chunk) in members.enumerated() {
                let part = decoded.values[row * size ..< (row + 1) * size]
                values.replaceSubrange(chunk * size ..< (chunk + 1) * size, with: part)
            }
        }
        return ActionChunks(count: lists.count, horizon: horizon, dimension: dimension, values: values)
    }
}
