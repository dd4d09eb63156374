public import RobotTypes
internal import Support

extension BEASTTokenizer {
    /// Takes the bounds of the bins from normalised `chunks`.
    ///
    /// - Parameters:
    ///   - chunks: Chunks to fit to; steps beyond an episode's end hold its last action.
    ///   - normalization: The normalization of the chunks.
    ///   - controlPoints: Number of control points of a column.
    ///   - binCount: Number of bins of a control point; 256 is the paper's.
    ///   - outside: Fraction of the chunks' control points that may lie beyond either bound.
    ///   - ridge: Weight of the control points' squares beside that of the errors.
    /// - Throws: ``ActionTokenizerError`` when there are no chunks, a value is not finite, or a size is out of range.
    public init(
        fitting chunks: ActionChunks,
        normalization: Normalization,
        controlPoints: Int,
        binCount: Int = 256,
        outside: Double = 0.01,
        ridge: Double = BEASTTokenizer.defaultRidge
    ) throws {
        try Validation.require(["outside": outside], in: 0 ..< 0.5)
        try chunks.checkFittable(by: "BEAST", normalization)
        try Self.check(horizon: chunks.horizon, controlPoints: controlPoints, ridge: ridge)
        let spline = BSpline(count: controlPoints, steps: chunks.horizon)
        let points = Self.controlPoints(of: chunks, spline, ridge: ridge)
        let bounds = (0 ..< controlPoints * chunks.dimension).map { index in
            let sorted = points.map { $0[index] }.sorted()
            let skipped = Int(outside * Double(sorted.count - 1))
            return (low: sorted[skipped], high: sorted[sorted.count - 1 - skipped])
        }
        try self.init(
            Configuration(
                controlPoints: controlPoints,
                ridge: ridge,
                binCount: binCount,
                low: bounds.map(\.low),
                high: bounds.map(\.high)
            ),
            horizon: chunks.horizon,
            normalization: normalization
        )
    }
}
