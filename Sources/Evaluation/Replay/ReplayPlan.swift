/// Experts' episodes to execute again from a server's reconstructions.
public struct ReplayPlan: RolloutPlan, Equatable {
    /// The result of an episode.
    public typealias Episode = ReplayedEpisode

    /// The client's mode.
    public static let mode = "replay"

    /// Host of the server that reconstructs episodes.
    public var host = "127.0.0.1"

    /// Port of the server.
    public var port: Int

    /// Names of the tasks.
    public var tasks: [String]

    /// Number of episodes of every task.
    public var episodes: Int

    /// Offset into the evaluation scenes, as in ``EvaluationPlan/seed``.
    public var seed = 0

    /// A plan for `episodes` of each of `tasks`.
    public init(port: Int, tasks: [String], episodes: Int) {
        self.port = port
        self.tasks = tasks
        self.episodes = episodes
    }

    /// Seed of every task's first episode.
    public var firstSeed: Int { EvaluationPlan.firstSeed + seed }

    /// Arguments of the client's mode.
    public var options: [String] { ["--host", host, "--port", "\(port)"] }

    /// Validates the numbers.
    ///
    /// - Throws: ``SimulatorError/badPlan(_:)``.
    public func check() throws(SimulatorError) {
        try checkCounts()
        try EvaluationPlan.check(seed: seed, of: "a replay")
    }

    /// Sort key: task, seed.
    public func rank(of episode: ReplayedEpisode) -> (Int, Int, Int) {
        (0, index(of: episode.task), episode.seed)
    }
}
