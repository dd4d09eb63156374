/// Where a success rate probably lies, given how often something was tried: 95 % confidence.
///
/// Unlike the textbook's plus-minus, it stays within 0 and 1 and means something after 20 of 20.
/// Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927.
public struct WilsonInterval: Codable, Equatable, Sendable {
    /// Lower end, in `0 ... 1`.
    public let low: Double

    /// Upper end, in `0 ... 1`.
    public let high: Double

    /// Two-sided 95 % quantile of the normal distribution.
    private static let quantile = 1.959963984540054

    /// The interval after `successes` of `trials`; after none, everything is possible.
    public init(successes: Int, trials: Int) {
        precondition((0 ... max(0, trials)).contains(successes), "successes must lie in 0 ... trials")
        guard trials > 0 else {
            (low, high) = (0, 1)
            return
        }
        let count = Double(trials)
        let rate = Double(successes) / count
        let square = Self.quantile * Self.quantile
        let centre = (rate + square / (2 * count)) / (1 + square / count)
        let spread = rate * (1 - rate) / count + square / (4 * count * count)
        let halfWidth = Self.quantile * spread.squareRoot() / (1 + square / count)
        // Rounding must not exclude the rate itself at its extremes.
        low = successes == 0 ? 0 : max(0, centre - halfWidth)
        high = successes == trials ? 1 : min(1, centre + halfWidth)
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
}
