extension RunReport {
    /// Metrics of one tokenizer on held-out chunks.
    public struct TokenizerRow: Sendable {
        /// Short name of the tokenizer.
        public var name: String
        /// Mean number of tokens a chunk.
        public var tokensMean = Double.nan
        /// Largest number of tokens a chunk.
        public var tokensMax = Double.nan
        /// Mean number of bits a chunk.
        public var bitsMean = Double.nan
        /// Scalars a token.
        public var compressionRatio = Double.nan
        /// Mean absolute error, normalised units.
        public var l1 = Double.nan
        /// Mean squared error, normalised units.
        public var mse = Double.nan
        /// Fraction of chunks whose largest absolute error is within a tolerance, by rising tolerance.
        public var vrrMaxAbsolute: [(tolerance: String, fraction: Double)] = []
        /// Fraction of codebook entries used at all.
        public var utilization = Double.nan
        /// Fraction of tokens that are the most frequent entry.
        public var topFrequency = Double.nan
        /// Entropy over the logarithm of the number of entries.
        public var normalizedEntropy = Double.nan
        /// Median time to encode a chunk, microseconds.
        public var encodeMicroseconds = Double.nan
        /// Median time to decode a chunk, microseconds.
        public var decodeMicroseconds = Double.nan

        /// A tokenizer whose numbers are all still unknown.
        public init(name: String) {
            self.name = name
        }
    }

    /// One action chunk before and after a tokenizer, column by column.
    public struct Overlay: Sendable {
        /// Title of the chunk, such as "best", "median" or "worst".
        public var title: String
        /// Names of the action's columns.
        public var columns: [String]
        /// Recorded actions: one array a column, one value a control step.
        public var original: [[Double]]
        /// Actions decoded from the tokens, in the shape of ``original``.
        public var reconstructed: [[Double]]

        /// A chunk and its reconstruction.
        public init(title: String, columns: [String], original: [[Double]], reconstructed: [[Double]]) {
            self.title = title
            self.columns = columns
            self.original = original
            self.reconstructed = reconstructed
        }
    }

    /// Frequencies of the entries of one codebook.
    public struct CodebookUse: Sendable {
        /// Name of the codebook.
        public var name: String
        /// Fraction of tokens of every entry, the most frequent first.
        public var sortedFrequencies: [Double]

        /// The use of a codebook.
        public init(name: String, sortedFrequencies: [Double]) {
            self.name = name
            self.sortedFrequencies = sortedFrequencies
        }
    }
}
