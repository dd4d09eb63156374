/// Demonstrations to collect.
public struct CollectionPlan: RolloutPlan, Equatable {
    /// The result of an episode.
    public typealias Episode = CollectedEpisode

    /// The client's mode.
    public static let mode = "collect"

    /// Host of the recorder.
    public var host = "127.0.0.1"

    /// Port of the recorder, which speaks openpi's protocol and takes one episode a message.
    public var port: Int

    /// Names of the tasks.
    public var tasks: [String]

    /// Number of successful episodes of every task.
    public var episodes: Int

    /// Seed of the first scene; the next ones count up.
    public var seed = 0

    /// Standard deviation of the DART noise on the expert's actions (arXiv 1703.09327), as a fraction of the largest action.
    public var noise = 0.3

    /// True if images are recorded besides states and actions.
    public var recordsImages = true

    /// A policy that acts first, until the expert takes over at a random step (HG-DAgger, arXiv 1810.02890); nil for none.
    public var novice: Novice?

    /// A policy behind openpi's protocol that acts before the expert does.
    public struct Novice: Equatable, Sendable {
        /// Port of the policy, on the recorder's host.
        public var port: Int

        /// Steps from one observation to the next.
        public var execute: Int

        /// The policy at `port`.
        public init(port: Int, execute: Int) {
            self.port = port
            self.execute = execute
        }
    }

    /// Number of scenes that may be tried for an episode, before an expert that keeps failing is an error.
    static let scenesPerEpisode = 10

    /// A plan for `episodes` of each of `tasks`, sent to the recorder at `port`.
    public init(port: Int, tasks: [String], episodes: Int) {
        self.port = port
        self.tasks = tasks
        self.episodes = episodes
    }

    /// Seed of every task's first episode.
    public var firstSeed: Int { seed }

    /// Arguments of the client's mode.
    public var options: [String] {
        [
            "--host", host, "--port", "\(port)", "--noise", "\(noise)",
            "--scenes-per-episode", "\(Self.scenesPerEpisode)",
        ] + (recordsImages ? [] : ["--no-images"])
            + (novice.map { ["--policy-port", "\($0.port)", "--execute", "\($0.execute)"] } ?? [])
    }

    /// Validates the numbers, and that no scene is one of evaluations.
    public func check() throws(SimulatorError) {
        try checkCounts()
        guard noise >= 0, noise.isFinite else {
            throw .badPlan("noise must be a finite number from 0 on, got \(noise)")
        }
        let most = EvaluationPlan.firstSeed
        let last = min(seed, most) + Self.scenesPerEpisode * min(episodes, most)
        guard seed >= 0, last <= most else {
            throw .badPlan(
                "seeds from \(EvaluationPlan.firstSeed) on belong to evaluations: "
                    + "a collection from seed \(seed) could use up to \(last)"
            )
        }
    }

    /// Sort key: task, index.
    public func rank(of episode: CollectedEpisode) -> (Int, Int, Int) {
        (0, index(of: episode.task), episode.index)
    }
}

/// A demonstration that reached the recorder.
public struct CollectedEpisode: Codable, Equatable, Sendable {
    /// The simulator's name of the task.
    public let task: String

    /// Index among the task's episodes.
    public let index: Int

    /// Seed of the scene.
    public let seed: Int

    /// Number of recorded frames.
    public let steps: Int

    /// Number of attempts before this one, which the expert failed and of which nothing was kept.
    public let failures: Int
}
