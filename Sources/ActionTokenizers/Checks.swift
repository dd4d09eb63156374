public import RobotTypes

/// Sizes beyond which a folder's configuration is taken for damaged.
enum ActionTokenizerLimits {
    static let horizon = 4096
    static let dimension = 4096
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

extension ActionTokenizer {
    /// Checks that `chunks` have this tokenizer's shape and only finite values.
    ///
    /// - Throws: ``ActionTokenizerError``.
    public func check(_ chunks: ActionChunks) throws(ActionTokenizerError) {
        try checkShape(chunks)
        try chunks.checkFinite()
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
    func check(columns: Int) throws(ActionTokenizerError) {
        guard (1 ... ActionTokenizerLimits.dimension).contains(columns) else {
            throw ActionTokenizerError(
                "dimension: expected 1 ... \(ActionTokenizerLimits.dimension), found \(columns)"
            )
        }
        let named = [
            ("mean", statistics.mean), ("std", statistics.std), ("q01", statistics.q01),
            ("q99", statistics.q99), ("min", statistics.min), ("max", statistics.max),
        ]
        for (name, values) in named {
            guard values.count == columns else {
                throw ActionTokenizerError(
                    "normalization of actions: \(name): expected \(columns) columns, found \(values.count)"
                )
            }
            guard values.allSatisfy(\.isFinite) else {
                throw ActionTokenizerError("normalization of actions: \(name): expected finite numbers")
            }
        }
        guard (normalized(statistics.q01) + normalized(statistics.q99)).allSatisfy(\.isFinite) else {
            throw ActionTokenizerError("normalization of actions: quantiles overflow once normalised")
        }
    }
}
