/// Errors, tokens and codebook use of a tokenizer on held-out chunks, as `faster tokenizer evaluate --json` prints them.
///
/// Errors are in normalised units, over steps inside the episode.
public struct TokenizerMetrics: Codable, Equatable, Sendable {
    /// Mean and largest of a quantity.
    public struct Range: Codable, Equatable, Sendable {
        /// Mean.
        public var mean: Double
        /// Largest.
        public var max: Double

        /// A range from its numbers.
        public init(mean: Double, max: Double) { (self.mean, self.max) = (mean, max) }
    }

    /// Fraction of chunks whose error is within a tolerance, by the tolerance as text (`0.05`).
    public struct ValidReconstruction: Codable, Equatable, Sendable {
        /// The error is the largest absolute one of any value.
        public var maxAbsolute: [String: Double]
        /// The error is the largest Euclidean one of any step.
        public var l2: [String: Double]

        private enum CodingKeys: String, CodingKey {
            case maxAbsolute = "max_abs"
            case l2
        }
    }

    /// Use of the entries of a codebook.
    public struct CodebookUse: Codable, Equatable, Sendable {
        /// Fraction of entries used at all.
        public var utilization: Double
        /// Fraction of tokens that are the most frequent entry.
        public var topFrequency: Double
        /// Entropy over the logarithm of the number of entries.
        public var normalizedEntropy: Double

        private enum CodingKeys: String, CodingKey {
            case utilization
            case topFrequency = "top_frequency"
            case normalizedEntropy = "normalized_entropy"
        }
    }

    /// Time of one call with one chunk, microseconds.
    public struct Latency: Codable, Equatable, Sendable {
        /// Median.
        public var p50: Double
        /// 99 % quantile.
        public var p99: Double
    }

    /// Short name of the tokenizer.
    public var tokenizer: String
    /// Number of chunks.
    public var chunks: Int
    /// Control steps of a chunk.
    public var horizon: Int
    /// Columns of an action.
    public var dimensions: Int
    /// Tokens of a chunk.
    public var tokensPerChunk: Range
    /// Bits of a chunk: the sum of the logarithms of its tokens' alphabets.
    public var bitsPerChunk: Range
    /// Scalars a token; padded steps do not count.
    public var compressionRatio: Double
    /// Bits of 32-bit scalars over bits of tokens; padded steps do not count.
    public var bitRatio: Double
    /// Mean absolute error.
    public var l1: Double
    /// Mean absolute error of every column.
    public var l1PerDimension: [Double]
    /// Mean squared error.
    public var mse: Double
    /// Valid reconstruction rate.
    public var vrr: ValidReconstruction
    /// Use of every codebook.
    public var codebooks: [CodebookUse]
    /// Time to encode.
    public var encodeMicroseconds: Latency
    /// Time to decode.
    public var decodeMicroseconds: Latency

    private enum CodingKeys: String, CodingKey {
        case tokenizer, chunks, horizon, dimensions, l1, mse, vrr, codebooks
        case tokensPerChunk = "tokens_per_chunk"
        case bitsPerChunk = "bits_per_chunk"
        case compressionRatio = "compression_ratio"
        case bitRatio = "bit_ratio"
        case l1PerDimension = "l1_per_dimension"
        case encodeMicroseconds = "encode_us"
        case decodeMicroseconds = "decode_us"
    }
}
