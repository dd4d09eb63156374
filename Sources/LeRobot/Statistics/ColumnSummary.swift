/// Exact summary of one feature, one value a column: what LeRobot keeps in `stats.json`.
struct ColumnSummary: Equatable {
    /// Quantiles that LeRobot names, with their keys.
    static let levels: [(key: String, level: Double)] = [
        ("q01", 0.01), ("q10", 0.10), ("q50", 0.50), ("q90", 0.90), ("q99", 0.99),
    ]

    var min: [Double] = []
    var max: [Double] = []
    var mean: [Double] = []
    var std: [Double] = []
    /// One entry a level of ``levels``, each with one value a column.
    var quantiles: [[Double]] = Array(repeating: [], count: levels.count)
    var count = 0

    /// Summarizes `values`, `[n, dimension]`, of which there must be at least one row.
    init(_ values: some RandomAccessCollection<Float>, dimension: Int) {
        count = values.count / dimension
        let contiguous = Array(values)
        for column in 0 ..< dimension {
            append(sorted: (0 ..< count).map { contiguous[$0 * dimension + column] }.sorted())
        }
    }

    /// Summarizes the colours of `count` images, on a scale of 0 to 1.
    ///
    /// A histogram says how often every level from 0 to 255 occurs in a channel.
    init(histograms: [[Int]], count: Int) {
        self.count = count
        for histogram in histograms { append(histogram) }
    }

    /// The summary of no values: zeros, with a count of 0.
    static func empty(dimension: Int) -> ColumnSummary {
        var summary = ColumnSummary()
        let zeros = [Double](repeating: 0, count: dimension)
        (summary.min, summary.max, summary.mean, summary.std) = (zeros, zeros, zeros, zeros)
        summary.quantiles = levels.map { _ in zeros }
        return summary
    }

    private init() {}

    /// The summary of several sets of values; nil without values.
    ///
    /// Quantiles are means of theirs, weighted by their counts.
    init?(merging summaries: [ColumnSummary]) {
        let parts = summaries.filter { $0.count > 0 }
        guard let first = parts.first else { return nil }
        count = parts.reduce(0) { $0 + $1.count }
        func mean(_ column: Int, _ value: (ColumnSummary) -> [Double]) -> Double {
            parts.reduce(0.0) { $0 + value($1)[column] * Double($1.count) } / Double(count)
        }
        for column in first.mean.indices {
            min.append(parts.map { $0.min[column] }.min() ?? 0)
            max.append(parts.map { $0.max[column] }.max() ?? 0)
            let center = mean(column) { $0.mean }
            self.mean.append(center)
            let variance = parts.reduce(0.0) { sum, part in
                let distance = part.mean[column] - center
                return sum + (part.std[column] * part.std[column] + distance * distance) * Double(part.count)
            }
            std.append((variance / Double(count)).squareRoot())
            for level in Self.levels.indices { quantiles[level].append(mean(column) { $0.quantiles[level] }) }
        }
    }

    /// The same with quantiles of columns' distributions.
    func with(_ distributions: [ColumnDistribution]) -> ColumnSummary {
        var summary = self
        let found = distributions.map { $0.quantiles(Self.levels.map(\.level)) }
        summary.quantiles = Self.levels.indices.map { level in found.map { $0[level] } }
        return summary
    }

    private mutating func append(sorted values: [Float]) {
        let total = values.reduce(0.0) { $0 + Double($1) }
        let mean = total / Double(values.count)
        let squares = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
        self.mean.append(mean)
        std.append((squares / Double(values.count)).squareRoot())
        min.append(Double(values[0]))
        max.append(Double(values[values.count - 1]))
        for (index, level) in Self.levels.enumerated() {
            quantiles[index].append(quantile(level.level, count: values.count) { Double(values[$0]) })
        }
    }

    private mutating func append(_ histogram: [Int]) {
        let total = Double(histogram.reduce(0, +))
        func moment(_ power: (Double) -> Double) -> Double {
            histogram.enumerated().reduce(0.0) { $0 + power(Double($1.offset) / 255) * Double($1.element) }
                / total
        }
        let mean = moment { $0 }
        self.mean.append(mean)
        std.append(moment { ($0 - mean) * ($0 - mean) }.squareRoot())
        min.append(Double(histogram.firstIndex { $0 > 0 } ?? 0) / 255)
        max.append(Double(histogram.lastIndex { $0 > 0 } ?? 0) / 255)
        var ends: [Int] = []
        for frequency in histogram { ends.append((ends.last ?? 0) + frequency) }
        for (index, level) in Self.levels.enumerated() {
            quantiles[index].append(
                quantile(level.level, count: Int(total)) { rank in
                    Double(ends.firstIndex { $0 > rank } ?? 255) / 255
                }
            )
        }
    }
}

/// The quantile of values known by their rank, linear between neighbours (as `numpy.quantile`).
private func quantile(_ level: Double, count: Int, _ value: (Int) -> Double) -> Double {
    let position = level * Double(count - 1)
    let low = Int(position)
    let high = Swift.min(low + 1, count - 1)
    let share = position - Double(low)
    return value(low) * (1 - share) + value(high) * share
}
