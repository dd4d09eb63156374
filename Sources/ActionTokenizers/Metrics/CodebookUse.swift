internal import Foundation

extension TokenizerEvaluation {
    /// Utilization, perplexity and top frequency of a codebook whose entries occurred `counts` times.
    public static func use(_ counts: [Int]) -> TokenizerMetrics.CodebookUse {
        let total = Double(max(1, counts.reduce(0, +)))
        let frequencies = counts.map { Double($0) / total }.filter { $0 > 0 }
        let entropy = frequencies.reduce(0) { $0 - $1 * log2($1) }
        return TokenizerMetrics.CodebookUse(
            utilization: Double(frequencies.count) / Double(counts.count),
            topFrequency: frequencies.max() ?? 0,
            normalizedEntropy: counts.count > 1 ? entropy / log2(Double(counts.count)) : 0
        )
    }
}
