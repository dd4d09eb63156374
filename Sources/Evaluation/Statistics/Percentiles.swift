/// Median and 99th percentile of measurements.
public struct Percentiles: Codable, Equatable, Sendable {
    /// The median.
    public let p50: Double

    /// The 99th percentile.
    public let p99: Double

    /// Summarizes `values`; nil for none.
    public init?(of values: [Double]) {
        guard let p50 = values.percentile(0.5), let p99 = values.percentile(0.99) else { return nil }
        self.p50 = p50
        self.p99 = p99
    }
}

extension [Double] {
    /// The arithmetic mean; nil for no values.
    public var mean: Double? { isEmpty ? nil : reduce(0, +) / Double(count) }

    /// A percentile, interpolated as numpy does by default.
    ///
    /// - Parameter fraction: In `0 ... 1`; 0.5 gives the median.
    /// - Returns: nil for no values.
    public func percentile(_ fraction: Double) -> Double? {
        precondition((0 ... 1).contains(fraction), "a percentile's fraction lies in 0 ... 1")
        guard !isEmpty else { return nil }
        let ordered = sorted()
        let position = fraction * Double(count - 1)
        let below = Int(position)
        let above = Swift.min(below + 1, count - 1)
        return ordered[below] + (position - Double(below)) * (ordered[above] - ordered[below])
    }
}
