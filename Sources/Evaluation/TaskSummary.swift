/// The results of several episodes.
public struct TaskSummary: Codable, Equatable, Sendable {
    /// Success rate, in `0 ... 1`.
    public let success: Double

    /// Number of episodes.
    public let episodes: Int

    /// 95 % confidence interval of ``success``.
    public let interval: ConfidenceInterval

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
        self.init(success: episodes.isEmpty ? 0 : Double(successes) / Double(episodes.count), of: episodes)
    }

    /// Summarizes `episodes`, with a success rate that is averaged otherwise.
    init(success: Double, of episodes: [EpisodeResult]) {
        self.success = success
        self.episodes = episodes.count
        interval = ConfidenceInterval(successes: episodes.count { $0.success }, trials: episodes.count)
        steps = episodes.map { Double($0.steps) }.mean ?? 0
        latency = Percentiles(of: episodes.flatMap(\.latencies))
        jerk = episodes.compactMap(\.jerk).mean
        tokens = episodes.flatMap { $0.tokens ?? [] }.map(Double.init).mean
        forwards = episodes.flatMap { $0.forwards ?? [] }.map(Double.init).mean
    }

    private enum CodingKeys: String, CodingKey {
        case success, episodes, interval, steps, jerk, tokens, forwards
        case latency = "latency_ms"
    }
}
