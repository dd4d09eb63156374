public import ActionTokenizers
internal import Evaluation
internal import RobotTypes

/// A tokenizer at one size: a point of a rate-distortion curve (Documentation/Metrics.md).
public struct OperatingPoint: Codable, Equatable, Sendable {
    /// Fractions of chunks within a tolerance, by the tolerance as text (`0.05`).
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
    public var curve: String
    /// Label of the point among those of its curve; may be empty.
    public var pointLabel: String
    /// Short name of the tokenizer, for example `fastervq` or `fast`.
    public var tokenizer: String
    /// True with all codebooks, false for a prefix of them.
    public var isFullTokenizer: Bool
    /// Number of trainings, which differ only in their seed, that this is the mean of.
    public var seeds: Int
    /// Tokens of a chunk.
    public var tokensPerChunk: TokenizerMetrics.Range
    /// Forwards of a policy that predicts a codebook a forward, or a token where sequences vary in length.
    public var forwardsPerChunk: TokenizerMetrics.Range
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
    /// Distribution of the largest errors of chunks, of the first seed.
    public var tail: ErrorTail
    /// Time to encode a chunk; nil if not measured.
    public var encodeMicroseconds: TokenizerMetrics.Latency?
    /// Time to decode a chunk; nil if not measured.
    public var decodeMicroseconds: TokenizerMetrics.Latency?

    private enum CodingKeys: String, CodingKey {
        case curve, tokenizer, seeds, l1, mse, vrr, codebooks, tail
        case isFullTokenizer = "full_tokenizer"
        case pointLabel = "point_label"
        case tokensPerChunk = "tokens_per_chunk"
        case forwardsPerChunk = "forwards_per_chunk"
        case bitsPerChunk = "bits_per_chunk"
        case columnErrors = "l1_per_column_robot_units"
        case encodeMicroseconds = "encode_us"
        case decodeMicroseconds = "decode_us"
    }

    /// Curve and point label, for example `fast (scale=5)`.
    public var name: String { pointLabel.isEmpty ? curve : "\(curve) (\(pointLabel))" }
}
