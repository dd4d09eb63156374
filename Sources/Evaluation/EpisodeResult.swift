/// The result of a closed-loop episode: a line of a simulator's output.
public struct EpisodeResult: Codable, Equatable, Sendable {
    /// The simulator's name of the task.
    public let task: String

    /// Seed of the scene.
    public let seed: Int

    /// Name of the perturbation; nil for none.
    public let perturbation: String?

    /// True if the task was done at any step; the episode ends there, unless the last step counts too.
    public let success: Bool

    /// True if the task was done at the last step; nil where the benchmark does not ask.
    public let successAtLastStep: Bool?

    /// Number of control steps until success or the end.
    public let steps: Int

    /// Round trip of every request to the policy, milliseconds; empty without requests.
    public let latencies: [Double]

    /// Times of the policy's stages, in their order; nil where its replies have none.
    public let stages: [StageTimes]?

    /// Number of tokens of every chunk; nil where the policy's replies state none.
    public let tokens: [Int]?

    /// Number of forwards after the prefix of every chunk; nil where the policy's replies state none.
    public let forwards: [Int]?

    /// Mean norm of the executed actions' second difference, grippers left out, in the actions' units; nil for fewer than
    /// three actions.
    public let jerk: Double?

    /// Path of the video, nil for none: as a simulator writes it `[frames, height, width, 3]` uint8 in numpy's format, in an
    /// evaluation's `episodes.json` an MP4 beside it.
    public var video: String?

    /// Creates a result from its parts.
    public init(
        task: String,
        seed: Int,
        perturbation: String? = nil,
        success: Bool,
        successAtLastStep: Bool? = nil,
        steps: Int,
        latencies: [Double],
        stages: [StageTimes]? = nil,
        tokens: [Int]? = nil,
        forwards: [Int]? = nil,
        jerk: Double? = nil,
        video: String? = nil
    ) {
        self.task = task
        self.seed = seed
        self.perturbation = perturbation
        self.success = success
        self.successAtLastStep = successAtLastStep
        self.steps = steps
        self.latencies = latencies
        self.stages = stages
        self.tokens = tokens
        self.forwards = forwards
        self.jerk = jerk
        self.video = video
    }

    /// Identifier within a run, for example `drawer-open-v3-light-1000000`.
    public var name: String { [task, perturbation, "\(seed)"].compactMap { $0 }.joined(separator: "-") }

    private enum CodingKeys: String, CodingKey {
        case task, seed, perturbation, success, steps, stages, tokens, forwards, jerk, video
        case successAtLastStep = "success_at_last_step"
        case latencies = "latency_ms"
    }
}
