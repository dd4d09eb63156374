/// Bins of even width, the same number in every column, each column between bounds of its own.
struct EvenBins: Equatable, Sendable {
    /// Number of bins of a column.
    let count: Int

    private let starts: [Double]
    private let widths: [Double]

    /// Divides the range between every column's `bounds` into `count` bins; a column without width gets bins of which one is
    /// about its centre.
    init(_ bounds: [(low: Double, high: Double)], count: Int) {
        self.count = count
        let widened = bounds.map { low, high -> (Double, Double) in
            if high - low > 1e-6 { return (low, high) }
            // Of an even number, none would be in the middle.
            let centre = (low + high) / 2 - (count % 2 == 0 ? 1 / Double(count) : 0)
            return (centre - 1, centre + 1)
        }
        starts = widened.map(\.0)
        widths = widened.map { ($0.1 - $0.0) / Double(count) }
    }

    /// Index of the bin of `value`; the outer bins hold the values beyond them.
    func bin(of value: Double, column: Int) -> Int {
        // Clamped before the conversion, which traps beyond the range of integers.
        Int(min(Double(count - 1), max(0, (value - starts[column]) / widths[column])))
    }

    /// Centre of a bin, at most half a bin from the values in it.
    func centre(of bin: Int, column: Int) -> Double { starts[column] + (Double(bin) + 0.5) * widths[column] }
}
