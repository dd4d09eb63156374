/// Closed-loop episodes to run.
public struct EvaluationPlan: RolloutPlan, Equatable {
    /// The source of actions.
    public enum Controller: Equatable, Sendable {
        /// A policy behind openpi's protocol.
        case server(host: String, port: Int)
        /// The simulator's scripted expert.
        case expert
    }

    /// Videos of the first episodes of every task.
    public struct Videos: Equatable, Sendable {
        /// Folder for `TASK-SEED.npy`, `[frames, height, width, 3]` uint8.
        public var folder: String

        /// Number of episodes of every task that are filmed.
        public var count: Int

        /// Height and width of a frame.
        public var size: Int

        /// Videos of the first `count` episodes.
        public init(folder: String, count: Int = 1, size: Int = 192) {
            self.folder = folder
            self.count = count
            self.size = size
        }
    }

    /// The result of an episode.
    public typealias Episode = EpisodeResult

    /// The client's mode.
    public static let mode = "evaluate"

    /// Seed of the first evaluation scene.
    ///
    /// Demonstrations use seeds below it, so that no policy is evaluated on a scene that it was trained on.
    public static let firstSeed = 1_000_000

    /// The largest seed, since clients multiply seeds.
    static let largestSeed = Int(Int32.max)

    /// The source of actions.
    public var controller: Controller

    /// Names of the tasks.
    public var tasks: [String]

    /// Number of episodes of every task.
    public var episodes: Int

    /// Offset into the evaluation scenes: the episode at `index` has the scene of `EvaluationPlan.firstSeed + seed + index`.
    public var seed = 0

    /// Steps from one observation to the next.
    public var execute = 8

    /// Steps from an observation to its action chunk.
    ///
    /// Meanwhile the robot carries on with the chunk before; only the first chunk of an episode is waited for.
    public var delay = 0

    /// True if observations carry the actions that are executed during the delay (training-time RTC, arXiv 2512.05964).
    public var sendsCommittedPrefix = false

    /// Step limit of an episode; nil for the benchmark's, or else 500, or the step limit of the task's demonstrations where that is higher.
    public var maxSteps: Int?

    /// Names of perturbations, under each of which the same episodes are run again.
    public var perturbations: [String] = []

    /// Videos to render; nil for none.
    public var videos: Videos?

    /// A plan for `episodes` of each of `tasks`.
    public init(controller: Controller, tasks: [String], episodes: Int) {
        self.controller = controller
        self.tasks = tasks
        self.episodes = episodes
    }

    /// Seed of every task's first episode.
    public var firstSeed: Int { Self.firstSeed + seed }

    /// Arguments of the client's mode.
    public var options: [String] {
        var result = ["--execute", "\(execute)", "--delay", "\(delay)"]
        if let maxSteps { result += ["--max-steps", "\(maxSteps)"] }
        if sendsCommittedPrefix { result.append("--committed-prefix") }
        switch controller {
        case .server(let host, let port): result += ["--host", host, "--port", "\(port)"]
        case .expert: result += ["--policy", "expert"]
        }
        if !perturbations.isEmpty { result += ["--perturbations", perturbations.joined(separator: ",")] }
        if let videos {
            result += [
                "--video-dir", videos.folder, "--videos", "\(videos.count)", "--video-size", "\(videos.size)",
            ]
        }
        return result
    }

    /// Validates the numbers.
    ///
    /// - Throws: ``SimulatorError/badPlan(_:)``.
    public func check() throws(SimulatorError) {
        try checkCounts()
        try Self.check(seed: seed, of: "an evaluation")
        try checkSteps()
        for (index, name) in perturbations.enumerated() where perturbations[..<index].contains(name) {
            throw .badPlan("perturbation '\(name)' is named twice")
        }
        if controller == .expert, delay > 0 {
            throw .badPlan("an expert acts at once: a delay of \(delay) steps needs a policy")
        }
    }

    /// Validates the numbers of steps, whose sums are then numbers, too.
    private func checkSteps() throws(SimulatorError) {
        for (steps, name) in [(execute, "a chunk"), (maxSteps ?? 1, "an episode")] {
            guard (1 ... Self.largestCount).contains(steps) else {
                throw .badPlan("\(name) needs from 1 to \(Self.largestCount) steps, got \(steps)")
            }
        }
        guard (0 ... execute).contains(delay) else {
            throw .badPlan(
                "a delay of \(delay) steps does not fit observations every \(execute): it must not be negative, nor may "
                    + "a second observation be made before the first chunk arrives"
            )
        }
    }

    /// Validates the seed of a plan for evaluation scenes.
    static func check(seed: Int, of plan: String) throws(SimulatorError) {
        guard (0 ... largestSeed).contains(seed) else {
            throw .badPlan("the seed of \(plan) must be from 0 to \(largestSeed), got \(seed)")
        }
    }

    /// Validates that chunks of `horizon` steps last until the next chunk arrives; without a delay all do.
    ///
    /// - Throws: ``SimulatorError/badPlan(_:)`` with the numbers.
    public func check(horizon: Int) throws(SimulatorError) {
        try checkSteps()
        guard delay == 0 || delay + execute <= horizon else {
            throw .badPlan(
                "a delay of \(delay) steps and an observation every \(execute) need chunks of \(delay + execute) steps, "
                    + "and the policy's have \(horizon)"
            )
        }
    }

    /// Perturbation, task, index.
    public func rank(of episode: EpisodeResult) -> (Int, Int, Int) {
        let perturbation = episode.perturbation.map {
            1 + (perturbations.firstIndex(of: $0) ?? perturbations.count)
        }
        return (perturbation ?? 0, index(of: episode.task), episode.seed - firstSeed)
    }

    /// Position of an episode in the order in which one process runs them: by task, perturbation, index.
    func position(of episode: EpisodeResult) -> Int {
        let (perturbation, task, index) = rank(of: episode)
        return (task * (1 + perturbations.count) + perturbation) * episodes + index
    }
}
