public import RobotTypes

/// Errors between chunks and their reconstruction, over steps inside the episode (Documentation/Metrics.md).
public struct ReconstructionErrors: Sendable {
    /// Mean absolute error.
    public let l1: Double

    /// Mean absolute error of every column.
    public let l1PerDimension: [Double]

    /// Mean squared error.
    public let mse: Double

    /// Mean absolute error of every chunk.
    public let chunkL1: [Double]

    /// Mean squared error of every chunk.
    public let chunkMSE: [Double]

    /// Largest absolute error of any value, of every chunk.
    public let peaks: [Double]

    /// The column that holds the largest absolute error, of every chunk.
    public let peakColumns: [Int]

    /// Largest Euclidean error of a step, of every chunk.
    public let stepPeaks: [Double]

    /// Compares chunks of one shape; only the valid steps of `original` count.
    public init(_ original: ActionChunks, _ reconstruction: ActionChunks) {
        let dimension = original.dimension
        var absolute = [Double](repeating: 0, count: dimension)
        var squared = 0.0
        var steps = 0
        var (means, squares): ([Double], [Double]) = ([], [])
        var (peaks, stepPeaks, columns): ([Double], [Double], [Int]) = ([], [], [])
        for chunk in 0 ..< original.count {
            var (peak, stepPeak, peakColumn) = (0.0, 0.0, 0)
            var (sum, squareSum) = (0.0, 0.0)
            for step in 0 ..< original.validSteps[chunk] {
                let first = (chunk * original.horizon + step) * dimension
                var length = 0.0
                for column in 0 ..< dimension {
                    let error = abs(
                        Double(original.values[first + column])
                            - Double(reconstruction.values[first + column])
                    )
                    absolute[column] += error
                    sum += error
                    length += error * error
                    if error > peak { (peak, peakColumn) = (error, column) }
                }
                squareSum += length
                stepPeak = max(stepPeak, length.squareRoot())
            }
            squared += squareSum
            steps += original.validSteps[chunk]
            let scalars = Double(max(1, original.validSteps[chunk] * dimension))
            means.append(sum / scalars)
            squares.append(squareSum / scalars)
            peaks.append(peak)
            columns.append(peakColumn)
            stepPeaks.append(stepPeak)
        }
        l1PerDimension = absolute.map { $0 / Double(max(1, steps)) }
        l1 = l1PerDimension.reduce(0, +) / Double(dimension)
        mse = squared / Double(max(1, steps) * dimension)
        (chunkL1, chunkMSE) = (means, squares)
        (self.peaks, self.stepPeaks, peakColumns) = (peaks, stepPeaks, columns)
    }
}
