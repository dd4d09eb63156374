public import ActionTokenizers
public import RobotTypes

/// A tokenizer's metrics, example reconstructions and token frequencies, as reports show them.
public struct TokenizerDetails: Codable, Sendable {
    /// One chunk before and after.
    struct Example: Codable {
        let title: String
        let columns: [String]
        /// One list of steps per column.
        let original: [[Float]]
        let reconstruction: [[Float]]
    }

    let metrics: TokenizerMetrics
    let examples: [Example]
    /// Frequencies of the entries of every codebook, the most frequent first.
    let frequencies: [[Double]]

    /// Takes examples from an evaluation.
    ///
    /// - Parameters:
    ///   - evaluation: Evaluation of the tokenizer.
    ///   - original: Normalised chunks that it was evaluated on.
    ///   - space: Action groups, which name the columns.
    public init(_ evaluation: TokenizerEvaluation, original: ActionChunks, space: ActionSpace) {
        metrics = evaluation.metrics
        let whole = evaluation.peakErrors.indices.filter { original.validSteps[$0] == original.horizon }
        let ranked = whole.sorted { evaluation.peakErrors[$0] < evaluation.peakErrors[$1] }
        let columns = space.groups.flatMap { group in
            group.count == 1 ? [group.name] : (0 ..< group.count).map { "\(group.name) \($0)" }
        }
        func columnValues(_ chunks: ActionChunks, _ index: Int) -> [[Float]] {
            let chunk = chunks[index]
            return (0 ..< chunk.dimension).map { column in
                (0 ..< chunk.horizon).map { chunk.values[$0 * chunk.dimension + column] }
            }
        }
        examples = [("best of ten", 0.1), ("median", 0.5), ("worst of a hundred", 0.99)].compactMap {
            title,
            rank in
            guard !ranked.isEmpty else { return nil }
            let index = ranked[min(ranked.count - 1, Int(rank * Double(ranked.count)))]
            return Example(
                title: title,
                columns: columns,
                original: columnValues(original, index),
                reconstruction: columnValues(evaluation.reconstruction, index)
            )
        }
        frequencies = evaluation.tokenCounts.map { counts in
            let total = Double(max(1, counts.reduce(0, +)))
            return counts.sorted(by: >).map { Double($0) / total }
        }
    }
}
