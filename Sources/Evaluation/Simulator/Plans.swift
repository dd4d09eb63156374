/// Closed-loop episodes to run.
public struct EvaluationPlan: Equatable, Sendable {
    /// Who moves the robot.
    public enum Mover: Equatable, Sendable {
        /// A policy behind openpi's protocol.
        case server(host: String, port: Int)
        /// The simulator's scripted expert.
        case expert
    }

    /// Demonstrations use seeds below this one and evaluations seeds from here on, so that no policy is ever
    /// tried on a scene that it was shown.
    public static let firstSeed = 1_000_000

    /// More is too much for what seeds are multiplied by.
    static let largestSeed = Int(Int32.max)

    /// Who moves the robot.
    public var mover: Mover

    /// Names of the tasks.
    public var tasks: [String]

    /// Episodes of every task.
    public var episodes: Int

    /// Which evaluation scenes: the episode at `index` is drawn by `firstSeed + seed + index`.
    public var seed = 0

    /// Steps from one observation to the next.
    public var execute = 8

    /// Steps from an observation to its answer, which joins the robot's motion only then.
    ///
    /// Meanwhile the robot carries on with the chunk before; only the first answer of an episode is waited for.
    public var delay = 0

    /// Whether observations carry the actions that are already committed when their answer arrives.
    public var sendsPending = false

    /// An episode that has not succeeded ends here; where nil after 500 steps, or as many as a demonstration of its task may
    /// take where that is more.
    public var maxSteps: Int?

    /// Names of perturbations, under each of which the same episodes are run again.
    public var perturbations: [String] = []

    /// Films of the first episodes of every task, where wanted.
    public var films: Films?

    /// Which episodes are filmed, and into which folder.
    public struct Films: Equatable, Sendable {
        /// Folder for `TASK-SEED.npy`, `[frames, height, width, 3]` uint8.
        public var folder: String

        /// Episodes filmed of every task.
        public var count: Int

        /// Height and width of a frame.
        public var size: Int

        /// Films of the first `count` episodes.
        public init(folder: String, count: Int = 1, size: Int = 192) {
            self.folder = folder
            self.count = count
            self.size = size
        }
    }

    /// A plan for `episodes` of each of `tasks`.
    public init(mover: Mover, tasks: [String], episodes: Int) {
        self.mover = mover
        self.tasks = tasks
        self.episodes = episodes
    }
}

/// Demonstrations to collect.
public struct CollectionPlan: Equatable, Sendable {
    /// Host of the recorder.
    public var host = "127.0.0.1"

    /// Port of the recorder, which speaks openpi's protocol and gets an episode a message.
    public var port: Int

    /// Names of the tasks.
    public var tasks: [String]

    /// Successful episodes of every task.
    public var episodes: Int

    /// Seed of the first scene; the next ones count up.
    public var seed = 0

    /// Strength of the pushes that disturb the expert, as a share of the largest action.
    public var noise = 0.3

    /// Whether pictures are recorded besides states and actions.
    public var recordsImages = true

    /// Scenes that may be looked at a wanted episode, before an expert that keeps failing is an error; `SCENES_PER_EPISODE` of
    /// `Simulators/client/collect.py` is the same number.
    public static let scenesPerEpisode = 10

    /// A plan for `episodes` of each of `tasks`, sent to the recorder at `port`.
    public init(port: Int, tasks: [String], episodes: Int) {
        self.port = port
        self.tasks = tasks
        self.episodes = episodes
    }
}

/// A demonstration that reached the recorder.
public struct CollectedEpisode: Codable, Equatable, Sendable {
    /// The simulator's name of the task.
    public let task: String

    /// Place among the task's episodes.
    public let index: Int

    /// What drew scene and goal.
    public let seed: Int

    /// Frames recorded.
    public let steps: Int

    /// Tries before this one, which the expert failed and of which nothing was kept.
    public let failures: Int
}
