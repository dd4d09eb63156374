/// The results of several episodes.
public struct TaskSummary: Codable, Equatable, Sendable {
    /// Fraction of the episodes in which the task was done at any step.
    public let success: Double

    /// Number of episodes.
    public let episodes: Int

    /// 95 % confidence interval of ``success``.
    public let interval: ConfidenceInterval

    /// Success at the last step; `nil` where the benchmark does not ask.
    public let lastStep: LastStep?

    /// Mean length of an episode, failed ones included, control steps.
    public let steps: Double

    /// Round trip of a request, milliseconds; `nil` without requests.
    public let latency: Percentiles?

    /// Mean of the episodes' jerks (``EpisodeResult/jerk``); `nil` where no episode has one.
    public let jerk: Double?

    /// Mean number of tokens of a chunk; `nil` where no reply states it.
    public let tokens: Double?

    /// Mean number of forwards after the prefix of a chunk; `nil` where no reply states it.
    public let forwards: Double?

    /// Summarizes `episodes`.
    public init(of episodes: [EpisodeResult]) {
        let successes = episodes.count { $0.success }
        self.init(
            success: episodes.isEmpty ? 0 : Double(successes) / Double(episodes.count),
            successAtLastStep: episodes.compactMap(\.successAtLastStep).map { $0 ? 1 : 0 }.mean,
            of: episodes
        )
    }

    /// Summarizes `episodes`, with success rates that are averaged otherwise.
    init(success: Double, successAtLastStep: Double? = nil, of episodes: [EpisodeResult]) {
        self.success = success
        self.episodes = episodes.count
        interval = ConfidenceInterval(successes: episodes.count { $0.success }, trials: episodes.count)
        lastStep = successAtLastStep.map { LastStep(success: $0, of: episodes) }
        steps = episodes.map { Double($0.steps) }.mean ?? 0
        latency = Percentiles(of: episodes.flatMap(\.latencies))
        jerk = episodes.compactMap(\.jerk).mean
        tokens = episodes.flatMap { $0.tokens ?? [] }.map(Double.init).mean
        forwards = episodes.flatMap { $0.forwards ?? [] }.map(Double.init).mean
    }

    private enum CodingKeys: String, CodingKey {
        case success, episodes, interval, steps, jerk, tokens, forwards
        case lastStep = "last_step"
        case latency = "latency_ms"
    }
}

extension TaskSummary {
    /// Success as it is at the last step of an episode, which goes on after a success that may not stay.
    public struct LastStep: Codable, Equatable, Sendable {
        /// Fraction of the episodes in which the task was done at the last step.
        public let success: Double

        /// 95 % confidence interval of ``success``.
        public let interval: ConfidenceInterval

        /// Summarizes the episodes that say how they ended.
        init(success: Double, of episodes: [EpisodeResult]) {
            let outcomes = episodes.compactMap(\.successAtLastStep)
            self.success = success
            interval = ConfidenceInterval(successes: outcomes.count { $0 }, trials: outcomes.count)
        }
    }
}
