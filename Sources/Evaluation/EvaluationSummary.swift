/// What an evaluation found, task by task and on average: the object `faster evaluate --json` prints.
public struct EvaluationSummary: Codable, Equatable, Sendable {
    /// Every task's summary.
    public let tasks: [String: TaskSummary]

    /// All tasks together.
    ///
    /// Its success is the mean of the tasks' rates, so that every task counts alike; its interval is that of
    /// all episodes pooled.
    public let mean: TaskSummary

    /// Summarizes `episodes`, which may come in any order.
    public init(of episodes: [EpisodeResult]) {
        tasks = Dictionary(grouping: episodes, by: \.task).mapValues { TaskSummary(of: $0) }
        mean = TaskSummary(success: tasks.values.map(\.success).mean ?? 0, of: episodes)
    }
}
