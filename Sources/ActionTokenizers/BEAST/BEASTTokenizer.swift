public import RobotTypes
internal import Support

/// BEAST: a B-spline through every column, its control points in even bins (arXiv 2506.06072).
///
/// The number of tokens is control points times columns; all columns of the first control point come first. Only the bounds
/// of the bins are fitted.
/// Departure: all columns are cubic, where the paper keeps grippers piecewise constant.
public struct BEASTTokenizer: FolderTokenizer, Equatable {
    /// Settings and fitted bounds.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Number of control points of a column.
        public var controlPoints: Int

        /// Weight of the control points' squares beside that of the errors.
        public var ridge: Double

        /// Number of bins between the bounds of a control point.
        public var binCount: Int

        /// Lower bound of the bins of every control point, normalised, `[control points, dimension]`.
        public var low: [Double]

        /// Upper bound of the bins of every control point.
        public var high: [Double]
    }

    /// `beast`.
    public static let names = ["beast"]

    /// Default weight of the control points' squares: enough to solve any chunk, too little to bend it.
    public static let defaultRidge = 1e-4

    /// Settings and fitted bounds.
    public let configuration: Configuration

    /// Number of control steps of a chunk.
    public let horizon: Int

    /// Map between the robot's units and normalised ones.
    public let normalization: Normalization

    private let spline: BSpline
    private let bins: EvenBins

    /// Creates the tokenizer of fitted bounds.
    ///
    /// - Throws: `InvalidValue` that names the setting, what was expected and what was found.
    public init(
        _ configuration: Configuration,
        horizon: Int,
        normalization: Normalization
    ) throws {
        let dimension = normalization.statistics.dimension
        try normalization.check(columns: dimension)
        try Self.check(
            horizon: horizon,
            controlPoints: configuration.controlPoints,
            ridge: configuration.ridge
        )
        try Validation.require(["binCount": configuration.binCount], in: ActionTokenizerLimits.alphabet)
        let count = configuration.controlPoints * dimension
        for (name, bounds) in [("low", configuration.low), ("high", configuration.high)] {
            try Validation.require(
                bounds.count == count && bounds.allSatisfy(\.isFinite),
                name,
                "a list of \(count) finite numbers",
                found: bounds.count
            )
        }
        self.configuration = configuration
        self.horizon = horizon
        self.normalization = normalization
        spline = BSpline(count: configuration.controlPoints, steps: horizon)
        bins = EvenBins(
            zip(configuration.low, configuration.high).map { (low: $0, high: $1) },
            count: configuration.binCount
        )
    }

    static func check(horizon: Int, controlPoints: Int, ridge: Double) throws(InvalidValue) {
        try Validation.require(["horizon": horizon], in: ActionTokenizerLimits.horizon)
        try Validation.require(["controlPoints": controlPoints], in: 1 ... 256)
        try Validation.require(["ridge": ridge], above: 0)
    }

    /// `beast`.
    public var name: String { Self.names[0] }

    /// One codebook, the bins; a latent position for every control point of every column.
    public var layout: TokenLayout {
        .grid(
            codebookSizes: [configuration.binCount],
            latentPositionCount: configuration.controlPoints * dimension
        )
    }

    /// Bins of the control points of normalised chunks; points beyond the bounds fall into the outer bins.
    ///
    /// Steps beyond the valid ones count as the last of these.
    ///
    /// - Throws: ``ActionTokenizerError`` when a chunk has another shape or a value that is not finite.
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        try check(chunks)
        return Self.controlPoints(of: chunks, spline, ridge: configuration.ridge).map { points in
            points.enumerated().map { bins.bin(of: $1, column: $0) }
        }
    }

    /// Normalised chunks of tokens.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the chunk when its tokens are too many, too few or no bins.
    public func unclippedChunks(for tokens: [[Int]]) throws -> ActionChunks {
        try check(tokens)
        let values = tokens.flatMap { list in
            let points = list.enumerated().map { bins.centre(of: $1, column: $0) }
            return spline.samples(points, columns: dimension)
        }
        return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
    }

    /// Control points of every chunk, `[N, D]` each.
    ///
    /// Steps beyond the valid ones hold the last of these. Leaving them out would leave control points undetermined that only
    /// few steps reach: they run far off, and the bins of all chunks would have to follow.
    static func controlPoints(of chunks: ActionChunks, _ spline: BSpline, ridge: Double) -> [[Double]] {
        let size = chunks.horizon * chunks.dimension
        let fit = spline.fitting(ridge: ridge)
        return (0 ..< chunks.count).map { chunk in
            let samples = chunks.values[chunk * size ..< (chunk + 1) * size].map(Double.init)
            return BSpline.product(fit, samples, inner: chunks.horizon, columns: chunks.dimension)
        }
    }
}
