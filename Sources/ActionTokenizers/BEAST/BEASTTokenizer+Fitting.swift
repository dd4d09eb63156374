public import RobotTypes

extension BEASTTokenizer {
    /// Takes the bounds of the bins from normalised `chunks`.
    ///
    /// - Parameters:
    ///   - chunks: What to fit; steps beyond an episode's end hold its last action.
    ///   - normalization: How the chunks were normalised.
    ///   - controlPoints: Control points of a column.
    ///   - binCount: Bins of a control point; 256 is the paper's.
    ///   - outside: Share of the chunks' control points that may lie beyond either bound.
    ///   - ridge: Weight of the control points' squares beside that of the errors.
    /// - Throws: ``ActionTokenizerError`` when there are no chunks, a value is not finite, or a size cannot be.
    public init(
        fitting chunks: ActionChunks,
        normalization: Normalization,
        controlPoints: Int,
        binCount: Int = 256,
        outside: Double = 0.01,
        ridge: Double = BEASTTokenizer.usualRidge
    ) throws(ActionTokenizerError) {
        guard chunks.count > 0, chunks.horizon > 0, chunks.dimension > 0 else {
            throw ActionTokenizerError("BEAST needs chunks to be fitted to, found none")
        }
        guard (0 ..< 0.5).contains(outside) else {
            throw ActionTokenizerError("outside: expected a share in 0 ..< 0.5, found \(outside)")
        }
        try chunks.checkFinite()
        try Self.check(horizon: chunks.horizon, controlPoints: controlPoints, ridge: ridge)
        let spline = BSpline(count: controlPoints, steps: chunks.horizon)
        let points = Self.controlPoints(of: chunks, spline, ridge: ridge)
        let bounds = (0 ..< controlPoints * chunks.dimension).map { index in
            let sorted = points.map { $0[index] }.sorted()
            let skipped = Int(outside * Double(sorted.count - 1))
            return (low: sorted[skipped], high: sorted[sorted.count - 1 - skipped])
        }
        try self.init(
            horizon: chunks.horizon,
            dimension: chunks.dimension,
            normalization: normalization,
            controlPoints: controlPoints,
            ridge: ridge,
            binCount: binCount,
            low: bounds.map(\.low),
            high: bounds.map(\.high)
        )
    }
}
