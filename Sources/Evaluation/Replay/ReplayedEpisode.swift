/// An expert's episode, and what became of it when its actions were executed open loop from the same scene: a line of a
/// simulator's output.
public struct ReplayedEpisode: Codable, Equatable, Sendable {
    /// The simulator's name of the task.
    public let task: String

    /// What drew scene and goal.
    public let seed: Int

    /// Control steps of the expert's episode.
    public let steps: Int

    /// Whether the task was done at any step, by the name of the version of the actions.
    public let outcomes: [String: Bool]

    /// Creates an episode from its parts.
    public init(task: String, seed: Int, steps: Int, outcomes: [String: Bool]) {
        self.task = task
        self.seed = seed
        self.steps = steps
        self.outcomes = outcomes
    }
}

/// Experts' episodes to execute again.
public struct ReplayPlan: Equatable, Sendable {
    /// Host of the server that gives back versions of an episode.
    public var host = "127.0.0.1"

    /// Its port.
    public var port: Int

    /// Names of the tasks.
    public var tasks: [String]

    /// Episodes of every task.
    public var episodes: Int

    /// Which evaluation scenes, as in ``EvaluationPlan/seed``.
    public var seed = 0

    /// A plan for `episodes` of each of `tasks`.
    public init(port: Int, tasks: [String], episodes: Int) {
        self.port = port
        self.tasks = tasks
        self.episodes = episodes
    }

    /// Episodes in all.
    var count: Int { tasks.count * episodes }

    /// The command line of the simulator's client.
    var arguments: [String] {
        [
            "replay", "--tasks", tasks.joined(separator: ","), "--episodes", "\(episodes)",
            "--seed", "\(EvaluationPlan.firstSeed + seed)", "--host", host, "--port", "\(port)",
        ]
    }

    /// Makes sure that the numbers make sense.
    func check() throws(SimulatorError) {
        guard !tasks.isEmpty else { throw .badPlan("a replay needs at least one task") }
        guard episodes > 0 else { throw .badPlan("a replay needs at least one episode, got \(episodes)") }
        try EvaluationPlan.check(seed: seed, of: "a replay")
    }
}
