internal import Foundation

/// A 95 % confidence interval.
public struct ConfidenceInterval: Codable, Equatable, Sendable {
    /// Lower end.
    public let low: Double

    /// Upper end.
    public let high: Double

    /// An interval from its ends.
    public init(low: Double, high: Double) { (self.low, self.high) = (low, high) }

    /// Student's interval of the mean of normally distributed `values`; nil for fewer than two.
    ///
    /// Source: Student, "The Probable Error of a Mean", 1908.
    public init?(meanOf values: [Double]) {
        guard values.count > 1, let mean = values.mean else { return nil }
        let count = Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        let halfWidth = Self.studentQuantile(values.count - 1) * (variance / count).squareRoot()
        (low, high) = (mean - halfWidth, mean + halfWidth)
    }

    /// Reads `[low, high]`.
    public init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        low = try container.decode(Double.self)
        high = try container.decode(Double.self)
    }

    /// Writes `[low, high]`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        try container.encode(low)
        try container.encode(high)
    }

    /// Two-sided 95 % quantiles of Student's distribution with one to twenty degrees of freedom.
    private static let studentQuantiles = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145,
        2.131,
        2.120, 2.110, 2.101, 2.093, 2.086,
    ]

    /// The quantile for `freedom` degrees of freedom; beyond the table, the first terms of its expansion about the
    /// normal distribution's.
    private static func studentQuantile(_ freedom: Int) -> Double {
        if freedom <= studentQuantiles.count { return studentQuantiles[freedom - 1] }
        let (normal, count) = (normalQuantile, Double(freedom))
        let first = (pow(normal, 3) + normal) / 4
        let second = (5 * pow(normal, 5) + 16 * pow(normal, 3) + 3 * normal) / 96
        return normal + first / count + second / (count * count)
    }
}
