/// The difference of two success rates on the same episodes.
public struct PairedDifference: Codable, Equatable, Sendable {
    /// The difference of the rates, second less first.
    public let value: Double

    /// Its 95 % interval (``PairedOutcomes/interval``).
    public let interval: ConfidenceInterval

    /// Probability of as unequal a split by chance (``PairedOutcomes/pValue``).
    public let pValue: Double

    /// Number of episodes where only the first succeeds.
    public let lost: Int

    /// Number of episodes where only the second succeeds.
    public let won: Int

    /// The difference in `pairs`.
    public init(_ pairs: PairedOutcomes) {
        value = pairs.difference
        interval = pairs.interval
        pValue = pairs.pValue
        lost = pairs.firstOnly
        won = pairs.secondOnly
    }

    private enum CodingKeys: String, CodingKey {
        case value, interval, lost, won
        case pValue = "p_value"
    }
}
