/// A paired comparison of policies on the same episodes; the first one is the baseline.
public struct PolicyComparison: Codable, Equatable, Sendable {
    /// A policy and its evaluations, one for every training seed.
    public struct Candidate: Sendable {
        /// Display name.
        public var name: String

        /// The episodes of every evaluation.
        public var evaluations: [[EpisodeResult]]

        /// A candidate from the unperturbed episodes of `evaluations`.
        public init(name: String, evaluations: [[EpisodeResult]]) {
            self.name = name
            self.evaluations = evaluations.map { $0.filter { $0.perturbation == nil } }
        }
    }

    /// The results of one candidate.
    public struct Row: Codable, Equatable, Sendable {
        /// Display name.
        public let name: String

        /// Success rate over all evaluations.
        public let success: Double

        /// 95 % interval of ``success``: Wilson's for one evaluation, a bootstrap over evaluations
        /// (trainings) and scenes for several that do not agree in every scene.
        public let interval: ConfidenceInterval

        /// Success rate of every evaluation.
        public let evaluations: [Double]

        /// ``success`` less that of the first candidate; nil for the first.
        public let difference: Double?

        /// 95 % interval of ``difference``: Newcombe's for paired rates between single evaluations, a bootstrap over
        /// evaluations and, paired, scenes where either candidate has several.
        public let differenceInterval: ConfidenceInterval?

        /// The tasks, each compared with the first candidate: those that are worse first; nil for the first.
        public let tasks: [TaskDifference]?

        /// Number of scenes of an evaluation.
        public let scenes: Int

        /// Mean length of an episode, failed ones included, control steps.
        public let steps: Double

        /// Mean of the episodes' ``EpisodeResult/jerk``; nil where it was not measured.
        public let jerk: Double?

        /// Round trip of a request, milliseconds; nil without requests.
        public let latency: Percentiles?

        private enum CodingKeys: String, CodingKey {
            case name, success, interval, evaluations, difference, tasks, scenes, steps, jerk
            case differenceInterval = "difference_interval"
            case latency = "latency_ms"
        }
    }

    /// One row a candidate, in their order.
    public let rows: [Row]

    /// Compares `candidates`, each with at least one evaluation of the same scenes.
    ///
    /// - Parameters:
    ///   - candidates: Candidates to compare; the first one is the baseline.
    ///   - seed: Seed of the bootstrap.
    /// - Throws: ``ComparisonError`` that names the candidate which has no evaluation, or other scenes than the first.
    public init(_ candidates: [Candidate], seed: UInt64 = 0) throws(ComparisonError) {
        guard let first = candidates.first, let episodes = first.evaluations.first, !episodes.isEmpty else {
            throw ComparisonError(description: "there is nothing to compare")
        }
        let scenes = Set(episodes.map(Scene.init)).sorted()
        var all: [[[Bool]]] = []
        for candidate in candidates {
            guard !candidate.evaluations.isEmpty else {
                throw ComparisonError(description: "\(candidate.name): has no evaluation")
            }
            var outcomes: [[Bool]] = []
            for evaluation in candidate.evaluations {
                outcomes.append(
                    try Self.outcomes(evaluation, of: scenes, candidate.name, like: first.name)
                )
            }
            all.append(outcomes)
        }
        let (outcomes, successes) = (all, all.map(SceneSuccess.init))
        let bootstrap = EpisodeBootstrap(episodes: scenes.count, seed: seed)
        rows = candidates.enumerated().map { index, candidate in
            let (own, first) = (successes[index], successes[0])
            let all = candidate.evaluations.flatMap { $0 }
            return Row(
                name: candidate.name,
                success: own.rates.mean ?? 0,
                interval: own.interval(bootstrap),
                evaluations: candidate.evaluations.map { evaluation in
                    evaluation.map { $0.success ? 1 : 0 }.mean ?? 0
                },
                difference: index == 0 ? nil : own.gains(over: first).mean,
                differenceInterval: index == 0 ? nil : own.differenceInterval(to: first, bootstrap),
                tasks: index == 0
                    ? nil : TaskDifference.all(of: outcomes[index], outcomes[0], scenes: scenes, seed: seed),
                scenes: scenes.count,
                steps: all.map { Double($0.steps) }.mean ?? 0,
                jerk: all.compactMap(\.jerk).mean,
                latency: Percentiles(of: all.flatMap(\.latencies))
            )
        }
    }

    /// Success in each of `scenes`.
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

/// Evaluations that cannot be compared.
public struct ComparisonError: Error, Equatable, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String
}
