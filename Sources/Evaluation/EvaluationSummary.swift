/// The results of an evaluation by task and on average: the object `faster evaluate --json` prints.
public struct EvaluationSummary: Codable, Equatable, Sendable {
    /// Every task's summary.
    public let tasks: [String: TaskSummary]

    /// The average over tasks.
    ///
    /// Its success is the mean of the tasks' rates, so that every task counts alike; its interval is that of
    /// all episodes pooled.
    public let mean: TaskSummary

    /// Groups of tasks, in the simulator's order; nil where its tasks are in none.
    public let groups: [GroupSummary]?

    /// The groups' average, in which every group counts alike; nil for fewer than two.
    public let macro: MacroAverage?

    /// Times of the policy's stages, in their order; nil where its replies have none.
    public let stages: [StageSummary]?

    /// The same episodes under perturbations, in the order in which they first come; nil for none.
    ///
    /// All else is of the unperturbed ones.
    public let perturbations: [PerturbationSummary]?

    /// Settings of the evaluation; nil in the files of older programs.
    public let settings: EvaluationSettings?

    /// Summarizes `all` episodes of an evaluation with `settings`, the unperturbed ones also by `groups` of their tasks.
    public init(of all: [EpisodeResult], groups: [TaskGroup] = [], settings: EvaluationSettings? = nil) {
        self.settings = settings
        let episodes = all.filter { $0.perturbation == nil }
        let perturbed = Dictionary(grouping: all, by: \.perturbation)
        var names: [String] = []
        for name in all.compactMap(\.perturbation) where !names.contains(name) { names.append(name) }
        let found = names.map {
            PerturbationSummary(name: $0, of: perturbed[$0] ?? [], beside: episodes)
        }
        perturbations = found.isEmpty ? nil : found
        let byTask = Dictionary(grouping: episodes, by: \.task)
        tasks = byTask.mapValues { TaskSummary(of: $0) }
        mean = TaskSummary(
            success: tasks.values.map(\.success).mean ?? 0,
            successAtLastStep: tasks.values.compactMap(\.lastStep?.success).mean,
            of: episodes
        )
        let stages = StageSummary.all(of: episodes)
        self.stages = stages.isEmpty ? nil : stages
        let tried = groups.map { group in group.tasks.compactMap { byTask[$0] } }
        let present = zip(groups, tried).filter { !$0.1.isEmpty }
        self.groups = present.isEmpty ? nil : present.map { GroupSummary(name: $0.name, of: $1) }
        macro = MacroAverage(of: present.map(\.1))
    }
}
