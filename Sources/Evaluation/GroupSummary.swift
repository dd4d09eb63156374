/// The results of a group of tasks.
public struct GroupSummary: Codable, Equatable, Sendable {
    /// The simulator's name of the group.
    public let name: String

    /// Number of its tasks that were evaluated.
    public let tasks: Int

    /// Number of episodes.
    public let episodes: Int

    /// Mean of the tasks' rates, so that every task counts alike, in `0 ... 1`.
    public let success: Double

    /// 95 % confidence interval of all the group's episodes pooled.
    public let interval: ConfidenceInterval

    /// Summarizes the group's episodes, one list a task.
    init(name: String, of tasks: [[EpisodeResult]]) {
        let episodes = tasks.flatMap { $0 }
        let summary = TaskSummary(success: tasks.map { TaskSummary(of: $0).success }.mean ?? 0, of: episodes)
        self.name = name
        self.tasks = tasks.count
        self.episodes = summary.episodes
        success = summary.success
        interval = summary.interval
    }
}

/// The mean of the groups' success rates: a small group counts as much as a large one.
public struct MacroAverage: Codable, Equatable, Sendable {
    /// Mean of the groups' rates, in `0 ... 1`.
    public let success: Double

    /// 95 % bootstrap interval over episodes resampled within their tasks; nil where a task has one episode only.
    ///
    /// It has no width where the episodes of every task all end alike; the groups' own intervals do.
    public let interval: ConfidenceInterval?

    /// Averages groups, each with one list of episodes a task; nil for fewer than two.
    init?(of groups: [[[EpisodeResult]]]) {
        guard groups.count > 1 else { return nil }
        let tasks = groups.flatMap { group in group.map { (episodes: $0, weight: 1 / Double(group.count)) } }
        success =
            tasks.map { $0.weight * TaskSummary(of: $0.episodes).success }.reduce(0, +) / Double(groups.count)
        guard tasks.allSatisfy({ $0.episodes.count > 1 }) else {
            interval = nil
            return
        }
        // In the order of seeds, so that the resamples do not depend on which episode ended first.
        let ordered = tasks.map { (episodes: $0.episodes.sorted { $0.seed < $1.seed }, weight: $0.weight) }
        let weights = ordered.flatMap { task in
            task.episodes.map { _ in task.weight / Double(groups.count * task.episodes.count) }
        }
        let outcomes = ordered.flatMap { $0.episodes.map { $0.success ? 1.0 : 0 } }
        interval = EpisodeBootstrap(strata: ordered.map(\.episodes.count), seed: 0)
            .interval(of: zip(weights, outcomes).map { $0 * $1 }, over: weights)
    }
}
