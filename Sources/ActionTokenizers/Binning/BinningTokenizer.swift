public import RobotTypes
internal import Support

/// Binning of every scalar into even bins of its column (RT-2, OpenVLA): a token for every value of a chunk.
///
/// A value between the bounds comes back at most half a bin off, one outside in the outer bin.
public struct BinningTokenizer: FolderTokenizer, Equatable {
    /// Range of a column that the bins cover.
    public enum Bounds: String, Codable, CaseIterable, Sendable {
        /// The 1 % and 99 % quantiles (OpenVLA).
        case quantiles
        /// The smallest and the largest value (RT-2).
        case range

        fileprivate var tokenizerName: String {
            switch self {
            case .quantiles: "binning"
            case .range: "binning-uniform"
            }
        }
    }

    /// Settings.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Range of a column that the bins cover.
        public var bounds = Bounds.quantiles

        /// Number of bins of a column.
        public var binCount = 256
    }

    /// `binning`, and `binning-uniform` between the smallest and the largest value.
    public static let names = Bounds.allCases.map(\.tokenizerName)

    /// Settings.
    public let configuration: Configuration

    /// Number of control steps of a chunk.
    public let horizon: Int

    /// Map between the robot's units and normalised ones; its statistics determine the bins.
    public let normalization: Normalization

    private let bins: EvenBins

    /// Creates a tokenizer; there is nothing to fit.
    ///
    /// - Parameters:
    ///   - horizon: Number of control steps of a chunk.
    ///   - normalization: Map between the robot's units and normalised ones.
    ///   - bounds: Range of a column that the bins cover.
    ///   - binCount: Number of bins of a column, at least 1.
    public init(horizon: Int, normalization: Normalization, bounds: Bounds = .quantiles, binCount: Int = 256)
    {
        precondition(binCount > 0, "binning needs at least one bin")
        configuration = Configuration(bounds: bounds, binCount: binCount)
        self.horizon = horizon
        self.normalization = normalization
        bins = EvenBins(Self.ends(bounds, normalization), count: binCount)
    }

    /// Creates the tokenizer of a configuration.
    ///
    /// - Throws: `InvalidValue` that names the setting, what was expected and what was found.
    public init(
        _ configuration: Configuration,
        horizon: Int,
        normalization: Normalization
    ) throws {
        try Validation.require(["binCount": configuration.binCount], in: ActionTokenizerLimits.alphabet)
        self.init(
            horizon: horizon,
            normalization: normalization,
            bounds: configuration.bounds,
            binCount: configuration.binCount
        )
    }

    /// Lower and upper bound of the bins of every column, normalised.
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
    public var name: String { configuration.bounds.tokenizerName }

    /// One codebook, the bins; a latent position for every value of a chunk.
    public var layout: TokenLayout {
        .grid(codebookSizes: [configuration.binCount], latentPositionCount: horizon * dimension)
    }

    /// True for the values of valid steps.
    public func validityMask(_ validSteps: [Int]) -> [Bool] {
        validSteps.flatMap { valid in (0 ..< horizon * dimension).map { $0 / dimension < valid } }
    }

    /// Bins of normalised chunks; values outside the bounds fall into the first bin or the last.
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

    /// Centres of the bins.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the chunk when its tokens are too many, too few or no bins.
    public func unclippedChunks(for tokens: [[Int]]) throws -> ActionChunks {
        try check(tokens)
        let values = tokens.flatMap { list in
            list.enumerated().map { Float(bins.centre(of: $1, column: $0 % dimension)) }
        }
        return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
    }
}
