/// Bins of even width, as many in every column, each column between bounds of its own.
struct EvenBins: Equatable, Sendable {
    /// Bins of a column.
    let count: Int

    private let starts: [Double]
    private let widths: [Double]

    /// Cuts every column's `bounds` into `count` bins; a column without room gets bins about its centre.
    init(_ bounds: [(low: Double, high: Double)], count: Int) {
        self.count = count
        let roomy = bounds.map { low, high in
            high - low > 1e-6 ? (low, high) : ((low + high) / 2 - 1, (low + high) / 2 + 1)
        }
        starts = roomy.map(\.0)
        widths = roomy.map { ($0.1 - $0.0) / Double(count) }
    }

    /// The bin of `value`; the outer ones hold what lies beyond.
    func bin(of value: Double, column: Int) -> Int {
        // Clamped before the conversion, which traps beyond the range of integers.
        Int(min(Double(count - 1), max(0, (value - starts[column]) / widths[column])))
    }

    /// The centre of a bin, at most half a bin from what lies in it.
    func centre(of bin: Int, column: Int) -> Double { starts[column] + (Double(bin) + 0.5) * widths[column] }
}
