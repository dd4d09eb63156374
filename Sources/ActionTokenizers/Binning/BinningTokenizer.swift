public import RobotTypes

/// Every scalar to one of 256 even bins of its column (RT-2, OpenVLA): as many tokens as a chunk has values.
///
/// A value between the bounds comes back at most half a bin off; one outside comes back in the outer bin.
public struct BinningTokenizer: ActionTokenizer, Equatable {
    /// Between which values of a column the bins lie.
    public enum Bounds: CaseIterable, Sendable {
        /// The 1 % and 99 % quantiles (OpenVLA).
        case quantiles
        /// The smallest and the largest value (RT-2).
        case range

        /// Name of a tokenizer with these bounds.
        var tokenizerName: String {
            switch self {
            case .quantiles: "binning"
            case .range: "binning-uniform"
            }
        }
    }

    /// Control steps of a chunk.
    public let horizon: Int

    /// Columns of an action.
    public let dimension: Int

    /// How the robot's units map to normalised ones; its statistics say where the bins lie.
    public let normalization: Normalization

    /// Between which values of a column the bins lie.
    public let bounds: Bounds

    /// Number of bins of a column.
    public var binCount: Int { bins.count }

    private let bins: EvenBins

    /// Creates a tokenizer; there is nothing to learn.
    ///
    /// - Parameters:
    ///   - horizon: Control steps of a chunk.
    ///   - dimension: Columns of an action, as many as `normalization` has.
    ///   - normalization: How the robot's units map to normalised ones.
    ///   - bounds: Between which values of a column the bins lie.
    ///   - binCount: Number of bins of a column.
    public init(
        horizon: Int,
        dimension: Int,
        normalization: Normalization,
        bounds: Bounds = .quantiles,
        binCount: Int = 256
    ) {
        precondition(
            normalization.statistics.dimension == dimension,
            "one column of statistics a column of actions"
        )
        precondition(binCount > 0, "binning needs at least one bin")
        self.horizon = horizon
        self.dimension = dimension
        self.normalization = normalization
        self.bounds = bounds
        bins = EvenBins(Self.ends(bounds, normalization), count: binCount)
    }

    /// Where the bins of every column begin and end, normalised.
    private static func ends(_ bounds: Bounds, _ normalization: Normalization) -> [(
        low: Double, high: Double
    )] {
        let statistics = normalization.statistics
        if bounds == .quantiles, normalization.method == .quantiles {
            return statistics.mean.map { _ in (-1, 1) }
        }
        let (low, high) =
            bounds == .quantiles ? (statistics.q01, statistics.q99) : (statistics.min, statistics.max)
        return zip(normalization.normalized(low), normalization.normalized(high)).map {
            (Double($0), Double($1))
        }
    }

    /// `binning`, or `binning-uniform` between the smallest and the largest value.
    public var name: String { bounds.tokenizerName }

    /// One alphabet, the bins.
    public var codebookSizes: [Int] { [binCount] }

    /// All tokens share the bins.
    public func codebook(ofToken position: Int) -> Int { 0 }

    /// The bins of normalised chunks; values outside the bounds fall into the first bin or the last.
    ///
    /// - Throws: ``ActionTokenizerError`` when a chunk has another shape or a value that is not finite.
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        try check(chunks)
        let size = horizon * dimension
        return (0 ..< chunks.count).map { chunk in
            (0 ..< size).map { index in
                bins.bin(of: Double(chunks.values[chunk * size + index]), column: index % dimension)
            }
        }
    }

    /// The centres of the bins.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the chunk when its tokens are too many, too few or no bins.
    public func chunks(for tokens: [[Int]]) throws -> ActionChunks {
        let size = horizon * dimension
        try check(tokens, lengths: size ... size)
        let values = tokens.flatMap { list in
            list.enumerated().map { Float(bins.centre(of: $1, column: $0 % dimension)) }
        }
        return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
    }
}
