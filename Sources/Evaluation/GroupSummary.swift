/// How a group of tasks went.
public struct GroupSummary: Codable, Equatable, Sendable {
    /// The simulator's name of the group.
    public let name: String

    /// Names of its tasks that were tried.
    public let tasks: [String]

    /// Its tasks together, averaged as ``EvaluationSummary/mean`` is.
    public let mean: TaskSummary
}

/// The mean of the groups' success rates: a small group counts as much as a large one.
public struct MacroAverage: Codable, Equatable, Sendable {
    /// Mean of the groups' rates, in `0 ... 1`.
    public let success: Double

    /// 95 % interval of ``success``, over episodes drawn again within their tasks.
    ///
    /// It knows no doubt where the episodes of every task all end alike; the groups' own intervals do.
    public let interval: ConfidenceInterval

    /// Averages `groups`, of which every task has an episode among `episodes`; nil of no group.
    init?(of groups: [TaskGroup], _ episodes: [EpisodeResult]) {
        guard !groups.isEmpty else { return nil }
        let byTask = Dictionary(grouping: episodes, by: \.task)
        var (weights, outcomes, strata) = ([Double](), [Double](), [Int]())
        for group in groups {
            for task in group.tasks {
                let own = byTask[task] ?? []
                strata.append(own.count)
                weights += own.map { _ in 1 / Double(groups.count * group.tasks.count * own.count) }
                outcomes += own.map { $0.success ? 1 : 0 }
            }
        }
        let parts = zip(weights, outcomes).map { $0 * $1 }
        success = parts.reduce(0, +)
        interval = EpisodeBootstrap(strata: strata, seed: 0).interval(of: parts, over: weights)
    }
}
