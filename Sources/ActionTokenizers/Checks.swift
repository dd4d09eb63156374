public import RobotTypes
internal import Support

/// Sizes outside of which a configuration is taken for damaged.
enum ActionTokenizerLimits {
    static let horizon = 1 ... 4096
    static let dimension = 1 ... 4096
    static let alphabet = 1 ... 1 << 20
}

extension ActionChunks {
    /// Checks that every value is a finite number.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the first chunk, step and column where one is not.
    public func checkFinite() throws(ActionTokenizerError) {
        guard let index = values.firstIndex(where: { !$0.isFinite }) else { return }
        let (row, column) = (index / dimension, index % dimension)
        throw ActionTokenizerError(
            "chunk \(row / horizon), step \(row % horizon), column \(column): \(values[index]) is not finite"
        )
    }
}

extension ActionChunks {
    /// Checks that there are chunks of the normalization's columns, with only finite values, for `tokenizer` to be fitted to.
    func checkFittable(by tokenizer: String, _ normalization: Normalization) throws {
        guard count > 0, horizon > 0, dimension > 0 else {
            throw ActionTokenizerError("\(tokenizer) needs chunks to be fitted to, found none")
        }
        try checkFinite()
        try normalization.check(columns: dimension)
    }
}

extension ActionTokenizer {
    /// Checks that `chunks` have this tokenizer's shape and only finite values.
    ///
    /// - Throws: ``ActionTokenizerError``.
    public func check(_ chunks: ActionChunks) throws(ActionTokenizerError) {
        try checkShape(chunks)
        try chunks.checkFinite()
    }

    /// Checks that every chunk has a number of tokens that the layout and ``decodableCodebooks`` allow, each an entry of its
    /// codebook.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the first chunk that differs.
    public func check(_ tokens: [[Int]]) throws(ActionTokenizerError) {
        guard let positions = layout.latentPositionCount else { return try checkEntries(tokens) }
        let codebooks = decodableCodebooks
        let expected =
            codebooks.count == 1
            ? "\(positions * codebooks.lowerBound) tokens"
            : "\(positions) tokens for each of \(codebooks.lowerBound) ... \(codebooks.upperBound) codebooks"
        try checkCounts(tokens, expected) {
            $0 % positions == 0 && codebooks.contains($0 / positions)
        }
        try checkEntries(tokens)
    }

    /// Checks that every chunk has a number of tokens in `counts`, each an entry of its codebook.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the first chunk that differs.
    public func check(_ tokens: [[Int]], counts: ClosedRange<Int>) throws(ActionTokenizerError) {
        let smallest = counts.count == 1 ? "" : "\(counts.lowerBound) to "
        try checkCounts(tokens, "\(smallest)\(counts.upperBound) tokens") { counts.contains($0) }
        try checkEntries(tokens)
    }

    private func checkCounts(
        _ tokens: [[Int]],
        _ expected: String,
        _ isAllowed: (Int) -> Bool
    ) throws(ActionTokenizerError) {
        guard let chunk = tokens.firstIndex(where: { !isAllowed($0.count) }) else { return }
        throw ActionTokenizerError("chunk \(chunk): expected \(expected), found \(tokens[chunk].count)")
    }

    private func checkEntries(_ tokens: [[Int]]) throws(ActionTokenizerError) {
        let (layout, sizes) = (layout, codebookSizes)
        for (chunk, list) in tokens.enumerated() {
            for (position, token) in list.enumerated() {
                let size = sizes[layout.codebook(ofToken: position)]
                guard (0 ..< size).contains(token) else {
                    throw ActionTokenizerError(
                        "chunk \(chunk): token \(position): expected 0 ..< \(size), found \(token)"
                    )
                }
            }
        }
    }

    func checkShape(_ chunks: ActionChunks) throws(ActionTokenizerError) {
        guard chunks.horizon == horizon, chunks.dimension == dimension else {
            throw ActionTokenizerError(
                "actions: expected [n, \(horizon), \(dimension)], found [n, \(chunks.horizon), \(chunks.dimension)]"
            )
        }
    }
}

extension Normalization {
    /// Checks that every statistic has `columns` finite values: mapping actions would trap on a missing one.
    func check(columns: Int) throws(InvalidValue) {
        try Validation.require(["dimension": columns], in: ActionTokenizerLimits.dimension)
        let named = [
            ("mean", statistics.mean), ("std", statistics.std), ("q01", statistics.q01),
            ("q99", statistics.q99), ("min", statistics.min), ("max", statistics.max),
        ]
        for (name, values) in named {
            try Validation.require(
                values.count == columns,
                name,
                "a list of \(columns) columns",
                found: values.count
            )
            try Validation.require(
                values.allSatisfy(\.isFinite),
                name,
                "a list of finite numbers",
                found: values
            )
        }
        if let transform { try transform.validate(columns: columns) }
        let quantiles = normalized(statistics.q01) + normalized(statistics.q99)
        try Validation.require(
            quantiles.allSatisfy(\.isFinite),
            "q01, q99",
            "finite once normalised",
            found: quantiles
        )
    }
}
