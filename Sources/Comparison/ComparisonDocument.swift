public import Evaluation

/// Tokenizers compared on datasets: `compare.json`.
public struct ComparisonDocument: Codable, Sendable {
    /// Version of the format.
    public var formatVersion = 1
    /// Seed of the bootstrap over trainings and episodes.
    public let seed: UInt64
    /// The tokenizers as given.
    public let tokenizers: String
    /// The evaluated episodes as given.
    public let episodes: String
    /// Results on every dataset.
    public let datasets: [DatasetComparison]
    /// Replays to show with the comparison.
    public let replays: [ReplaySummary]

    private enum CodingKeys: String, CodingKey {
        case formatVersion = "format_version"
        case seed, tokenizers, episodes, datasets, replays
    }

    /// Creates a document.
    public init(
        seed: UInt64,
        tokenizers: String,
        episodes: String,
        datasets: [DatasetComparison],
        replays: [ReplaySummary]
    ) {
        (self.seed, self.tokenizers, self.episodes) = (seed, tokenizers, episodes)
        (self.datasets, self.replays) = (datasets, replays)
    }
}
