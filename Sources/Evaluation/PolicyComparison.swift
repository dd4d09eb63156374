/// Policies beside each other on the same episodes, the first one being what the others are compared with.
public struct PolicyComparison: Codable, Equatable, Sendable {
    /// Evaluations of one way to make a policy, one a training seed.
    public struct Entrant: Sendable {
        /// What people call it.
        public var name: String

        /// The episodes of every evaluation.
        public var evaluations: [[EpisodeResult]]

        /// Names the plain episodes of `evaluations`; perturbed ones are left out.
        public init(name: String, evaluations: [[EpisodeResult]]) {
            self.name = name
            self.evaluations = evaluations.map { $0.filter { $0.perturbation == nil } }
        }
    }

    /// What was found of one entrant.
    public struct Row: Codable, Equatable, Sendable {
        /// What people call it.
        public let name: String

        /// Share of episodes that succeeded, over all evaluations.
        public let success: Double

        /// Of ``success``: Wilson's for one evaluation, over scenes drawn again for several.
        public let interval: ConfidenceInterval

        /// Share of episodes that succeeded in every evaluation.
        public let evaluations: [Double]

        /// ``success`` less that of the first entrant; nil for the first.
        public let difference: Double?

        /// Of ``difference``: Newcombe's for paired rates between single evaluations; over scenes drawn again, the same
        /// for both, where either entrant has several.
        public let differenceInterval: ConfidenceInterval?

        /// Scenes of an evaluation.
        public let scenes: Int

        /// Mean length of an episode, failed ones included, control steps.
        public let steps: Double

        /// Mean of the episodes' ``EpisodeResult/jerk``; nil where it was not measured.
        public let jerk: Double?

        /// Round trip of a request, milliseconds; nil where no policy was asked.
        public let latency: Percentiles?

        private enum CodingKeys: String, CodingKey {
            case name, success, interval, evaluations, difference, scenes, steps, jerk
            case differenceInterval = "difference_interval"
            case latency = "latency_ms"
        }
    }

    /// One row an entrant, in their order.
    public let rows: [Row]

    /// Compares `entrants`, each with at least one evaluation of the same scenes.
    ///
    /// - Parameters:
    ///   - entrants: What to compare; the first one is the measure of the others.
    ///   - seed: Determines which scenes are drawn again for intervals.
    /// - Throws: ``ComparisonError`` that names the entrant which has no evaluation, or other scenes than the first.
    public init(_ entrants: [Entrant], seed: UInt64 = 0) throws(ComparisonError) {
        guard let first = entrants.first, let episodes = first.evaluations.first, !episodes.isEmpty else {
            throw ComparisonError(description: "there is nothing to compare")
        }
        let scenes = Set(episodes.map(Scene.init)).sorted()
        var successes: [SceneSuccess] = []
        for entrant in entrants {
            guard !entrant.evaluations.isEmpty else {
                throw ComparisonError(description: "\(entrant.name): has no evaluation")
            }
            var sums = [Double](repeating: 0, count: scenes.count)
            for evaluation in entrant.evaluations {
                let outcomes = try Self.outcomes(evaluation, of: scenes, entrant.name, like: first.name)
                for (scene, success) in outcomes.enumerated() where success { sums[scene] += 1 }
            }
            successes.append(SceneSuccess(successes: sums, evaluations: entrant.evaluations.count))
        }
        let bootstrap = EpisodeBootstrap(episodes: scenes.count, seed: seed)
        rows = entrants.enumerated().map { index, entrant in
            let (own, first) = (successes[index], successes[0])
            let all = entrant.evaluations.flatMap { $0 }
            return Row(
                name: entrant.name,
                success: own.shares.mean ?? 0,
                interval: own.interval(bootstrap),
                evaluations: entrant.evaluations.map { evaluation in
                    evaluation.map { $0.success ? 1 : 0 }.mean ?? 0
                },
                difference: index == 0 ? nil : own.gains(over: first).mean,
                differenceInterval: index == 0 ? nil : own.differenceInterval(to: first, bootstrap),
                scenes: scenes.count,
                steps: all.map { Double($0.steps) }.mean ?? 0,
                jerk: all.compactMap(\.jerk).mean,
                latency: Percentiles(of: all.flatMap(\.latencies))
            )
        }
    }

    /// Whether each of `scenes` was a success.
    private static func outcomes(
        _ evaluation: [EpisodeResult],
        of scenes: [Scene],
        _ name: String,
        like first: String
    ) throws(ComparisonError) -> [Bool] {
        let known = Dictionary(evaluation.map { (Scene($0), $0.success) }) { $1 }
        let remedy = "evaluate both with the same --tasks, --episodes and --seed"
        guard known.count == scenes.count else {
            throw ComparisonError(
                description: "\(name): has \(known.count) scenes, \(first) has \(scenes.count): \(remedy)"
            )
        }
        return try scenes.map { scene throws(ComparisonError) in
            guard let success = known[scene] else {
                throw ComparisonError(
                    description:
                        "\(name): lacks \(scene.task) with seed \(scene.seed), which \(first) has: \(remedy)"
                )
            }
            return success
        }
    }
}

/// How often an entrant's evaluations solved each scene, and how sure that makes its success.
private struct SceneSuccess {
    /// Share of the evaluations that solved a scene; scenes have one order for all entrants.
    let shares: [Double]

    /// Whether every scene was solved by all or by no evaluation, so that scenes are successes and failures.
    private let isDecided: Bool

    /// Divides the `successes` of every scene by the number of `evaluations`.
    init(successes: [Double], evaluations: Int) {
        shares = successes.map { $0 / Double(evaluations) }
        let all = Double(evaluations)
        isDecided = evaluations == 1 || [0, all].contains { count in successes.allSatisfy { $0 == count } }
    }

    private var outcomes: [Bool] { shares.map { $0 == 1 } }

    private static func mean(_ shares: [Double], _ bootstrap: EpisodeBootstrap) -> ConfidenceInterval {
        bootstrap.interval(of: shares, over: [Double](repeating: 1, count: shares.count))
    }

    /// Draws of scenes that were solved alike are all alike and would claim certainty.
    func interval(_ bootstrap: EpisodeBootstrap) -> ConfidenceInterval {
        guard isDecided else { return Self.mean(shares, bootstrap) }
        return ConfidenceInterval(successes: outcomes.count { $0 }, trials: outcomes.count)
    }

    /// By how much more the scenes are solved than by `first`.
    func gains(over first: SceneSuccess) -> [Double] { zip(shares, first.shares).map { $0 - $1 } }

    func differenceInterval(to first: SceneSuccess, _ bootstrap: EpisodeBootstrap) -> ConfidenceInterval {
        guard isDecided, first.isDecided else { return Self.mean(gains(over: first), bootstrap) }
        return PairedDifference(PairedOutcomes(first.outcomes, outcomes)).interval
    }
}

/// Evaluations that cannot be put beside each other.
public struct ComparisonError: Error, Equatable, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String
}
