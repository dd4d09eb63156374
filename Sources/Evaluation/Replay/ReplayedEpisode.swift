/// The results of an expert's episode whose actions were executed open loop from the same scene: a line of a simulator's
/// output.
public struct ReplayedEpisode: Codable, Equatable, Sendable {
    /// The simulator's name of the task.
    public let task: String

    /// Seed of the scene.
    public let seed: Int

    /// Number of control steps of the expert's episode.
    public let steps: Int

    /// Success by the name of the version of the actions.
    public let outcomes: [String: Bool]

    /// Creates an episode from its parts.
    public init(task: String, seed: Int, steps: Int, outcomes: [String: Bool]) {
        self.task = task
        self.seed = seed
        self.steps = steps
        self.outcomes = outcomes
    }
}
