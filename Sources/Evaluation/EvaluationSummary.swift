/// What an evaluation found, task by task and on average: the object `faster evaluate --json` prints.
public struct EvaluationSummary: Codable, Equatable, Sendable {
    /// Every task's summary.
    public let tasks: [String: TaskSummary]

    /// All tasks together.
    ///
    /// Its success is the mean of the tasks' rates, so that every task counts alike; its interval is that of
    /// all episodes pooled.
    public let mean: TaskSummary

    /// Every group's summary, where the simulator has groups of tasks.
    public let groups: [GroupSummary]?

    /// The mean over groups, where there are any.
    public let macroAverage: MacroAverage?

    /// Summarizes `episodes`, which may come in any order.
    ///
    /// - Parameters:
    ///   - episodes: All episodes.
    ///   - groups: Groups of their tasks; tasks without an episode are left out.
    public init(of episodes: [EpisodeResult], groups: [TaskGroup] = []) {
        tasks = Dictionary(grouping: episodes, by: \.task).mapValues { TaskSummary(of: $0) }
        mean = Self.mean(of: episodes)
        let tried = Set(tasks.keys)
        let groups = groups.map { TaskGroup(name: $0.name, tasks: $0.tasks.filter(tried.contains)) }
            .filter { !$0.tasks.isEmpty }
        let summaries = groups.map { group in
            let own = episodes.filter { group.tasks.contains($0.task) }
            return GroupSummary(name: group.name, tasks: group.tasks, mean: Self.mean(of: own))
        }
        self.groups = summaries.isEmpty ? nil : summaries
        macroAverage = MacroAverage(of: groups, episodes)
    }

    /// The mean over tasks.
    private static func mean(of episodes: [EpisodeResult]) -> TaskSummary {
        let tasks = Dictionary(grouping: episodes, by: \.task).mapValues { TaskSummary(of: $0) }
        return TaskSummary(success: tasks.values.map(\.success).mean ?? 0, of: episodes)
    }

    private enum CodingKeys: String, CodingKey {
        case tasks, mean, groups
        case macroAverage = "macro_average"
    }
}
