public import RobotTypes

/// Summarizes a numeric feature; quantiles are exact, linear between neighbouring values (as `numpy.quantile`).
///
/// - Parameters:
///   - values: `[n, dimension]`, row-major, at least one row; no image is decoded for it.
///   - dimension: Columns.
/// - Returns: One value a column of everything.
/// - Complexity: O(n log n) for every column.
public func featureStatistics(values: [Float], dimension: Int) -> FeatureStatistics {
    precondition(dimension > 0 && values.count >= dimension, "statistics need at least one row of values")
    let summary = ColumnSummary(values, dimension: dimension)
    func floats(_ values: [Double]) -> [Float] { values.map(Float.init) }
    return FeatureStatistics(
        mean: floats(summary.mean),
        std: floats(summary.std),
        q01: floats(summary.quantiles[0]),
        q99: floats(summary.quantiles[4]),
        min: floats(summary.min),
        max: floats(summary.max)
    )
}
