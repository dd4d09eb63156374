/// How one way's success differs from another's, episode by episode.
public struct PairedDifference: Codable, Equatable, Sendable {
    /// The difference of the rates, second less first.
    public let value: Double

    /// Its 95 % interval (``PairedOutcomes/interval``).
    public let interval: ConfidenceInterval

    /// Probability of as unequal a split by chance (``PairedOutcomes/pValue``).
    public let pValue: Double

    /// Episodes that succeed the first way only.
    public let lost: Int

    /// Episodes that succeed the second way only.
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
