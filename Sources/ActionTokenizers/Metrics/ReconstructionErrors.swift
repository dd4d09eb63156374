internal import RobotTypes

/// Differences between chunks and what came back, over steps inside the episode.
struct ReconstructionErrors {
    /// Mean absolute error.
    let l1: Double
    /// Mean absolute error of every column.
    let l1PerDimension: [Double]
    /// Mean squared error.
    let mse: Double
    /// Largest absolute error of any value, of every chunk.
    let peaks: [Double]
    /// Largest Euclidean error of a step, of every chunk.
    let stepPeaks: [Double]

    init(_ original: ActionChunks, _ reconstruction: ActionChunks) {
        let dimension = original.dimension
        var absolute = [Double](repeating: 0, count: dimension)
        var squared = 0.0
        var steps = 0
        var (peaks, stepPeaks): ([Double], [Double]) = ([], [])
        for chunk in 0 ..< original.count {
            var (peak, stepPeak) = (0.0, 0.0)
            for step in 0 ..< original.validSteps[chunk] {
                let first = (chunk * original.horizon + step) * dimension
                var length = 0.0
                for column in 0 ..< dimension {
                    let error = abs(
                        Double(original.values[first + column])
                            - Double(reconstruction.values[first + column])
                    )
                    absolute[column] += error
                    length += error * error
                    peak = max(peak, error)
                }
                squared += length
                stepPeak = max(stepPeak, length.squareRoot())
            }
            steps += original.validSteps[chunk]
            peaks.append(peak)
            stepPeaks.append(stepPeak)
        }
        l1PerDimension = absolute.map { $0 / Double(max(1, steps)) }
        l1 = l1PerDimension.reduce(0, +) / Double(dimension)
        mse = squared / Double(max(1, steps) * dimension)
        self.peaks = peaks
        self.stepPeaks = stepPeaks
    }
}
