internal import Foundation

extension TokenizerEvaluation {
    /// How evenly entries that occurred `counts` times are used.
    public static func use(_ counts: [Int]) -> TokenizerMetrics.CodebookUse {
        let total = Double(max(1, counts.reduce(0, +)))
        let shares = counts.map { Double($0) / total }.filter { $0 > 0 }
        let entropy = shares.reduce(0) { $0 - $1 * log2($1) }
        return TokenizerMetrics.CodebookUse(
            utilization: Double(shares.count) / Double(counts.count),
            topFrequency: shares.max() ?? 0,
            normalizedEntropy: counts.count > 1 ? entropy / log2(Double(counts.count)) : 0
        )
    }
}
