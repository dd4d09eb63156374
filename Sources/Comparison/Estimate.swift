public import Evaluation

/// A mean over chunks with its confidence intervals.
public struct Estimate: Codable, Equatable, Sendable {
    /// The mean over chunks; over seeds as well, where there are several.
    public var value: Double

    /// 95 % interval over episodes and seeds of the training (hierarchical bootstrap).
    public var interval: ConfidenceInterval

    /// 95 % interval over seeds of the training alone (Student's t); nil for a single one.
    public var seedInterval: ConfidenceInterval?

    private enum CodingKeys: String, CodingKey {
        case value, interval
        case seedInterval = "seed_interval"
    }
}

/// Sums of a measure over every episode, averaged over seeds.
struct EpisodeTotals: Sendable {
    /// Sums by seed and episode.
    let seeds: [[Double]]

    /// The sums on average over seeds.
    let mean: [Double]

    /// Adds up `values`, one a chunk, for every seed.
    init(_ values: [[Double]], episodes: [Int], count: Int) {
        let seeds = values.map { chunkValues in
            var sums = [Double](repeating: 0, count: count)
            for (chunk, value) in chunkValues.enumerated() { sums[episodes[chunk]] += value }
            return sums
        }
        self.seeds = seeds
        mean = (0 ..< count).map { episode in
            seeds.reduce(0) { $0 + $1[episode] } / Double(max(1, seeds.count))
        }
    }

    /// The mean over chunks or scalars, whose number in every episode is `weights`.
    func estimate(over weights: [Double], _ bootstrap: EpisodeBootstrap) -> Estimate {
        let total = weights.reduce(0, +)
        return Estimate(
            value: mean.reduce(0, +) / total,
            interval: bootstrap.interval(ofTrainings: seeds, over: weights),
            seedInterval: ConfidenceInterval(meanOf: seeds.map { $0.reduce(0, +) / total })
        )
    }
}
