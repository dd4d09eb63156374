internal import ActionTokenizers
internal import Evaluation

/// Distribution of the largest absolute error of a chunk.
public struct ErrorTail: Codable, Equatable, Sendable {
    /// A quantile of the largest absolute error of a chunk.
    public struct Quantile: Codable, Equatable, Sendable {
        /// Fraction of chunks.
        public var fraction: Double
        /// Largest absolute error.
        public var error: Double
    }

    /// Quantiles at increasing fractions, up to 1.
    public var quantiles: [Quantile]

    /// Mean over the worst 1 % of chunks of their largest absolute error.
    public var worstPeak: Double

    /// Mean absolute error over the worst 1 % of chunks.
    public var worstL1: Double

    /// Fraction of the worst 1 % of chunks whose largest error is in the column, one a column.
    public var worstColumns: [Double]

    private enum CodingKeys: String, CodingKey {
        case quantiles
        case worstPeak = "worst_peak"
        case worstL1 = "worst_l1"
        case worstColumns = "worst_columns"
    }

    /// Fractions of the quantiles, denser towards the worst.
    private static let fractions =
        Array(stride(from: 0.05, to: 0.9, by: 0.05))
        + [0.9, 0.92, 0.94, 0.96, 0.98, 0.99, 0.995, 0.999, 1]

    init(_ errors: ReconstructionErrors) {
        quantiles = Self.fractions.map { Quantile(fraction: $0, error: errors.peaks.percentile($0) ?? 0) }
        let worst = Self.worst(errors.peaks)
        worstPeak = worst.map { errors.peaks[$0] }.mean ?? 0
        worstL1 = worst.map { errors.chunkL1[$0] }.mean ?? 0
        var columns = [Double](repeating: 0, count: errors.l1PerDimension.count)
        for chunk in worst { columns[errors.peakColumns[chunk]] += 1 / Double(worst.count) }
        worstColumns = columns
    }

    /// The worst 1 % of chunks, at least one, the worst first.
    static func worst(_ peaks: [Double]) -> [Int] {
        let ranked = peaks.indices.sorted { (peaks[$0], $1) > (peaks[$1], $0) }
        return Array(ranked.prefix(max(1, (peaks.count + 99) / 100)))
    }
}
