internal import Support

/// How much a mean over chunks depends on which episodes were recorded: 95 % percentile intervals over episodes drawn
/// again, with replacement.
///
/// Chunks of one episode are alike, so drawing chunks would claim far more certainty than there is. All quantities are
/// drawn with the same episodes, so differences are paired.
/// Source: B. Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979.
public struct EpisodeBootstrap: Sendable {
    /// Episodes.
    public let episodes: Int

    /// How often every episode was drawn, one list a round.
    private let draws: [[Double]]

    /// Draws `episodes` episodes `rounds` times; `seed` determines which.
    public init(episodes: Int, rounds: Int = 1000, seed: UInt64) {
        self.init(strata: [episodes], rounds: rounds, seed: seed)
    }

    /// Draws episodes within strata, such as the tasks that they belong to, so that no round has more of one task.
    ///
    /// - Parameters:
    ///   - strata: How many episodes every stratum has, in their order.
    ///   - rounds: How often they are drawn.
    ///   - seed: Determines which.
    public init(strata: [Int], rounds: Int = 1000, seed: UInt64) {
        precondition(strata.allSatisfy { $0 > 0 } && rounds > 0, "a bootstrap needs episodes and rounds")
        episodes = strata.reduce(0, +)
        var random = SeededRandom(seed: seed)
        draws = (0 ..< rounds).map { _ in
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
        return ConfidenceInterval(ofDraws: means(of: numerators, over: denominators))
    }

    /// `sum of numerators / sum of denominators` in every round.
    func means(of numerators: [Double], over denominators: [Double]) -> [Double] {
        draws.map { counts in
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
    /// What 95 % of a bootstrap's `draws` lie in.
    init(ofDraws draws: [Double]) {
        self.init(low: draws.percentile(0.025) ?? 0, high: draws.percentile(0.975) ?? 0)
    }
}
