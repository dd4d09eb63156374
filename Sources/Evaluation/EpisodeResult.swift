/// How one closed-loop episode went: a line of a simulator's output.
public struct EpisodeResult: Codable, Equatable, Sendable {
    /// The simulator's name of the task.
    public let task: String

    /// What drew scene and goal.
    public let seed: Int

    /// What the episode was perturbed in; nil of a plain one.
    public let perturbation: String?

    /// Whether the task was done at any step; the episode ends there.
    public let success: Bool

    /// Control steps until success or the end.
    public let steps: Int

    /// Round trip of every request to the policy, milliseconds; empty where none was asked.
    public let latencies: [Double]

    /// What the stages of the answers took, in their order; nil where the policy does not say.
    public let stages: [StageTimes]?

    /// How abruptly the executed actions change: the mean norm of their second difference, grippers left out, in the
    /// actions' units; nil for fewer than three.
    public let jerk: Double?

    /// A film of the episode, where one was wanted: of a simulator `[frames, height, width, 3]` uint8 in numpy's format,
    /// in an evaluation's `episodes.json` an MP4 beside it.
    public var video: String?

    /// Creates a result from its parts.
    public init(
        task: String,
        seed: Int,
        perturbation: String? = nil,
        success: Bool,
        steps: Int,
        latencies: [Double],
        stages: [StageTimes]? = nil,
        jerk: Double? = nil,
        video: String? = nil
    ) {
        self.task = task
        self.seed = seed
        self.perturbation = perturbation
        self.success = success
        self.steps = steps
        self.latencies = latencies
        self.stages = stages
        self.jerk = jerk
        self.video = video
    }

    /// Tells the episode from all others of its run, for example `drawer-open-v3-light-1000000`.
    public var name: String { [task, perturbation, "\(seed)"].compactMap { $0 }.joined(separator: "-") }

    private enum CodingKeys: String, CodingKey {
        case task, seed, perturbation, success, steps, stages, jerk, video
        case latencies = "latency_ms"
    }
}
