public import RobotTypes

/// BEAST: a B-spline through every column, its control points in even bins (arXiv 2506.06072).
///
/// A fixed number of tokens, control points by columns, whatever the chunk; all columns of the first control point come
/// first. Nothing is trained but the bounds of the bins.
/// Departure: all columns are cubic, where the paper keeps grippers piecewise constant.
public struct BEASTTokenizer: ActionTokenizer, Equatable {
    /// Control steps of a chunk.
    public let horizon: Int

    /// Columns of an action.
    public let dimension: Int

    /// How the robot's units map to normalised ones.
    public let normalization: Normalization

    /// Control points of a column.
    public var controlPoints: Int { spline.count }

    /// Weight of the control points' squares beside that of the errors.
    public let ridge: Double

    /// Bins between the bounds of a control point.
    public var binCount: Int { bins.count }

    /// Where the bins of every control point begin, normalised, `[control points, dimension]`.
    public let low: [Double]

    /// Where they end.
    public let high: [Double]

    private let spline: BSpline
    private let bins: EvenBins

    /// The weight of the control points' squares unless said otherwise: enough to solve any chunk, too little to bend it.
    public static let usualRidge = 1e-4

    /// Wraps what was fitted before.
    ///
    /// - Throws: ``ActionTokenizerError`` when sizes, bounds or normalization cannot belong to a tokenizer.
    public init(
        horizon: Int,
        dimension: Int,
        normalization: Normalization,
        controlPoints: Int,
        ridge: Double,
        binCount: Int,
        low: [Double],
        high: [Double]
    ) throws(ActionTokenizerError) {
        try normalization.check(columns: dimension)
        try Self.check(horizon: horizon, controlPoints: controlPoints, ridge: ridge)
        try ActionTokenizerLimits.check(binCount, "bins", atMost: ActionTokenizerLimits.bins)
        for (name, bounds) in [("low", low), ("high", high)] {
            guard bounds.count == controlPoints * dimension, bounds.allSatisfy(\.isFinite) else {
                throw ActionTokenizerError(
                    "\(name): expected \(controlPoints * dimension) finite numbers, found \(bounds.count)"
                )
            }
        }
        self.horizon = horizon
        self.dimension = dimension
        self.normalization = normalization
        self.ridge = ridge
        self.low = low
        self.high = high
        spline = BSpline(count: controlPoints, steps: horizon)
        bins = EvenBins(zip(low, high).map { (low: $0, high: $1) }, count: binCount)
    }

    static func check(horizon: Int, controlPoints: Int, ridge: Double) throws(ActionTokenizerError) {
        try ActionTokenizerLimits.check(horizon, "horizon", atMost: ActionTokenizerLimits.horizon)
        try ActionTokenizerLimits.check(controlPoints, "control points", atMost: 256)
        guard ridge.isFinite, ridge > 0 else {
            throw ActionTokenizerError("ridge: expected a positive number such as 1e-4, found \(ridge)")
        }
    }

    /// `beast`.
    public var name: String { "beast" }

    /// One alphabet, the bins.
    public var codebookSizes: [Int] { [binCount] }

    /// All tokens share the bins.
    public func codebook(ofToken position: Int) -> Int { 0 }

    /// The bins of the control points of normalised chunks; what lies beyond the bounds falls into the outer bins.
    ///
    /// Steps beyond the valid ones count as the last of these.
    ///
    /// - Throws: ``ActionTokenizerError`` when a chunk has another shape or a value that is not finite.
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        try check(chunks)
        return Self.controlPoints(of: chunks, spline, ridge: ridge).map { points in
            points.enumerated().map { bins.bin(of: $1, column: $0) }
        }
    }

    /// The normalised chunks of tokens.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the chunk when its tokens are too many, too few or no bins.
    public func chunks(for tokens: [[Int]]) throws -> ActionChunks {
        let count = controlPoints * dimension
        try check(tokens, lengths: count ... count)
        let values = tokens.flatMap { list in
            let points = list.enumerated().map { bins.centre(of: $1, column: $0) }
            return spline.samples(points, columns: dimension)
        }
        return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
    }

    /// The control points of every chunk, `[N, D]` each.
    ///
    /// Steps beyond the valid ones hold the last of these. To leave them out instead would leave control points to
    /// chance that only few steps reach: they run far off, and the bins of all chunks would have to follow.
    static func controlPoints(of chunks: ActionChunks, _ spline: BSpline, ridge: Double) -> [[Double]] {
        let size = chunks.horizon * chunks.dimension
        let fit = spline.fitting(ridge: ridge)
        return (0 ..< chunks.count).map { chunk in
            let samples = chunks.values[chunk * size ..< (chunk + 1) * size].map(Double.init)
            return BSpline.product(fit, samples, inner: chunks.horizon, columns: chunks.dimension)
        }
    }
}
