/// Mean, deviation and extremes of a feature's rows, without keeping them.
struct RunningSummary: Codable {
    private var count = 0.0
    private var mean: [Double]
    private var squares: [Double]
    private var least: [Double]
    private var most: [Double]

    init(dimension: Int) {
        mean = Array(repeating: 0, count: dimension)
        squares = mean
        least = Array(repeating: .infinity, count: dimension)
        most = Array(repeating: -.infinity, count: dimension)
    }

    mutating func add(_ row: ArraySlice<Float>) {
        guard row.count == mean.count else { return }
        count += 1
        for (index, cell) in row.enumerated() {
            let value = Double(cell)
            let difference = value - mean[index]
            mean[index] += difference / count
            squares[index] += difference * (value - mean[index])
            least[index] = min(least[index], value)
            most[index] = max(most[index], value)
        }
    }

    /// Adds the rows of another summary (Chan et al., Updating Formulae and a Pairwise Algorithm, 1979).
    mutating func add(_ other: RunningSummary) {
        guard other.count > 0, other.mean.count == mean.count else { return }
        let total = count + other.count
        for index in mean.indices {
            let difference = other.mean[index] - mean[index]
            mean[index] += difference * other.count / total
            squares[index] += other.squares[index] + difference * difference * count * other.count / total
            least[index] = min(least[index], other.least[index])
            most[index] = max(most[index], other.most[index])
        }
        count = total
    }

    /// Smallest and largest value of every column; nil without rows.
    var ranges: [ClosedRange<Double>]? { count > 0 ? zip(least, most).map { $0 ... $1 } : nil }

    /// Distance between the extremes of every column.
    var spread: [Double] { zip(most, least).map { $0 - $1 } }

    /// Statistics under LeRobot's names.
    var parts: [(key: String, values: [Double])] {
        [
            ("min", least), ("max", most), ("mean", mean),
            ("std", squares.map { ($0 / max(count, 1)).squareRoot() }),
        ]
    }
}
