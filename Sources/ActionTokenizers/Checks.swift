public import RobotTypes

/// Sizes beyond which a folder's configuration is taken for damaged.
enum ActionTokenizerLimits {
    static let horizon = 4096
    static let dimension = 4096
    static let bins = 1 << 20

    /// Checks that `number` is in `1 ... largest`.
    static func check(_ number: Int, _ name: String, atMost largest: Int) throws(ActionTokenizerError) {
        guard (1 ... largest).contains(number) else {
            throw ActionTokenizerError("\(name): expected 1 ... \(largest), found \(number)")
        }
    }
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

    /// Checks that every chunk has as many tokens as `lengths` allows, each an entry of its codebook.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the first chunk where it is otherwise.
    public func check(_ tokens: [[Int]], lengths: ClosedRange<Int>) throws(ActionTokenizerError) {
        let sizes = codebookSizes
        for (chunk, list) in tokens.enumerated() {
            guard lengths.contains(list.count) else {
                let expected = lengths.count == 1 ? "" : "\(lengths.lowerBound) to "
                throw ActionTokenizerError(
                    "chunk \(chunk): expected \(expected)\(lengths.upperBound) tokens, found \(list.count)"
                )
            }
            for (position, token) in list.enumerated() {
                let size = sizes[codebook(ofToken: position)]
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
    func check(columns: Int) throws(ActionTokenizerError) {
        try ActionTokenizerLimits.check(columns, "dimension", atMost: ActionTokenizerLimits.dimension)
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
