internal import Support

/// 95 % percentile intervals of means over chunks, from episodes that are resampled with replacement.
///
/// Chunks of one episode are alike, so resampling chunks would claim far more certainty than there is. All quantities use
/// the same resampled episodes, so differences are paired.
/// Source: B. Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979.
public struct EpisodeBootstrap: Sendable {
    /// Number of episodes.
    public let episodes: Int

    /// Number of times that every episode was sampled, one list a round.
    private let counts: [[Double]]

    private let seed: UInt64

    /// Resamples `episodes` episodes `rounds` times.
    public init(episodes: Int, rounds: Int = 1000, seed: UInt64) {
        self.init(strata: [episodes], rounds: rounds, seed: seed)
    }

    /// Resamples episodes within strata, such as their tasks, so that no round has more of one task.
    ///
    /// - Parameters:
    ///   - strata: Number of episodes of every stratum, in their order.
    ///   - rounds: Number of resamplings.
    ///   - seed: Seed of the random numbers.
    public init(strata: [Int], rounds: Int = 1000, seed: UInt64) {
        precondition(strata.allSatisfy { $0 > 0 } && rounds > 0, "a bootstrap needs episodes and rounds")
        episodes = strata.reduce(0, +)
        self.seed = seed
        var random = SeededRandom(seed: seed)
        counts = (0 ..< rounds).map { _ in
            strata.flatMap { count in
                var counts = [Double](repeating: 0, count: count)
                for _ in 0 ..< count { counts[Int.random(in: 0 ..< count, using: &random)] += 1 }
                return counts
            }
        }
    }

    /// The interval of `sum of numerators / sum of denominators`, each with one number an episode.
    public func interval(of numerators: [Double], over denominators: [Double]) -> ConfidenceInterval {
        precondition(
            numerators.count == episodes && denominators.count == episodes,
            "one number an episode"
        )
        return ConfidenceInterval(ofSamples: means(of: numerators, over: denominators))
    }

    /// The interval of the mean over trainings, or of the difference between two means, from trainings and episodes that are both
    /// resampled (hierarchical bootstrap).
    ///
    /// - Parameters:
    ///   - trainings: Sums of every episode, for every training.
    ///   - others: Sums of the trainings that are subtracted; empty for none.
    ///   - denominators: One number an episode.
    /// - Returns: The interval; that over episodes where all trainings are single ones.
    public func interval(
        ofTrainings trainings: [[Double]],
        minus others: [[Double]] = [],
        over denominators: [Double]
    ) -> ConfidenceInterval {
        var random = SeededRandom(seed: seed, 1)
        func resampled(_ trainings: [[Double]]) -> [[Double]] {
            trainings.count == 1
                ? trainings
                : trainings.map { _ in trainings[Int.random(in: 0 ..< trainings.count, using: &random)] }
        }
        func mean(_ trainings: [[Double]], _ counts: [Double]) -> Double {
            guard !trainings.isEmpty else { return 0 }
            let below = zip(counts, denominators).reduce(0) { $0 + $1.0 * $1.1 }
            let above = trainings.reduce(0) { $0 + zip(counts, $1).reduce(0) { $0 + $1.0 * $1.1 } }
            return below == 0 ? 0 : above / below / Double(trainings.count)
        }
        return ConfidenceInterval(
            ofSamples: counts.map { mean(resampled(trainings), $0) - mean(resampled(others), $0) }
        )
    }

    /// `sum of numerators / sum of denominators` in every round.
    func means(of numerators: [Double], over denominators: [Double]) -> [Double] {
        counts.map { counts in
            var (above, below) = (0.0, 0.0)
            for episode in 0 ..< episodes {
                above += counts[episode] * numerators[episode]
                below += counts[episode] * denominators[episode]
            }
            return below == 0 ? 0 : above / below
        }
    }
}

extension ConfidenceInterval {
    /// The central 95 % of a bootstrap's `samples`.
    init(ofSamples samples: [Double]) {
        self.init(low: samples.percentile(0.025) ?? 0, high: samples.percentile(0.975) ?? 0)
    }
}
