public import ActionTokenizers
internal import Evaluation
internal import RobotTypes

/// What a tokenizer reached at one rate; a point of a rate-distortion curve (Documentation/Metrics.md).
public struct RateResult: Codable, Equatable, Sendable {
    /// Shares of chunks within a tolerance, by the tolerance as text (`0.05`).
    public struct ValidReconstruction: Codable, Equatable, Sendable {
        /// The error is the largest absolute one of any value.
        public var maxAbsolute: [String: Estimate]
        /// The error is the largest Euclidean one of any step.
        public var l2: [String: Estimate]

        private enum CodingKeys: String, CodingKey {
            case maxAbsolute = "max_abs"
            case l2
        }
    }

    /// Name of the curve.
    public var line: String
    /// What tells the point from others of its curve; may be empty.
    public var label: String
    /// Short name of the tokenizer, for example `fastervq` or `fast`.
    public var tokenizer: String
    /// Whether this is the tokenizer as it is, and not only some of its codebooks.
    public var isWhole: Bool
    /// Trainings that differ in their seed only, of which this is the mean.
    public var seeds: Int
    /// Tokens of a chunk.
    public var tokensPerChunk: TokenizerMetrics.Range
    /// Bits of a chunk.
    public var bitsPerChunk: TokenizerMetrics.Range
    /// Mean absolute error, normalised.
    public var l1: Estimate
    /// Mean squared error, normalised.
    public var mse: Estimate
    /// Valid reconstruction rates.
    public var vrr: ValidReconstruction
    /// Mean absolute error of every column, in the robot's units.
    public var columnErrors: [Double]
    /// Use of every codebook, of the first seed.
    public var codebooks: [TokenizerMetrics.CodebookUse]
    /// How large the errors of chunks are, of the first seed.
    public var tail: ErrorTail
    /// Time to encode a chunk, where it was measured.
    public var encodeMicroseconds: TokenizerMetrics.Latency?
    /// Time to decode a chunk, where it was measured.
    public var decodeMicroseconds: TokenizerMetrics.Latency?

    private enum CodingKeys: String, CodingKey {
        case line, label, tokenizer, seeds, l1, mse, vrr, codebooks, tail
        case isWhole = "whole"
        case tokensPerChunk = "tokens_per_chunk"
        case bitsPerChunk = "bits_per_chunk"
        case columnErrors = "l1_per_column_robot_units"
        case encodeMicroseconds = "encode_us"
        case decodeMicroseconds = "decode_us"
    }

    /// Line and label, for example `fast (scale=5)`.
    public var name: String { label.isEmpty ? line : "\(line) (\(label))" }
}

/// How large the largest error of a chunk gets, and where.
public struct ErrorTail: Codable, Equatable, Sendable {
    /// A share of chunks, and the largest absolute error that it does not exceed.
    public struct Quantile: Codable, Equatable, Sendable {
        /// Share of chunks.
        public var share: Double
        /// Largest absolute error.
        public var error: Double
    }

    /// Errors at rising shares of chunks, up to all.
    public var quantiles: [Quantile]

    /// Mean over the worst 1 % of chunks of their largest absolute error.
    public var worstPeak: Double

    /// Mean absolute error over the worst 1 % of chunks.
    public var worstL1: Double

    /// Share of the worst 1 % of chunks whose largest error is in the column, one a column.
    public var worstColumns: [Double]

    private enum CodingKeys: String, CodingKey {
        case quantiles
        case worstPeak = "worst_peak"
        case worstL1 = "worst_l1"
        case worstColumns = "worst_columns"
    }

    /// Shares at which quantiles are taken, denser towards the worst.
    private static let shares =
        Array(stride(from: 0.05, to: 0.9, by: 0.05))
        + [0.9, 0.92, 0.94, 0.96, 0.98, 0.99, 0.995, 0.999, 1]

    init(_ errors: ReconstructionErrors) {
        quantiles = Self.shares.map { Quantile(share: $0, error: errors.peaks.percentile($0) ?? 0) }
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
