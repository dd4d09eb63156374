public import Foundation

extension RunReport {
    /// A success rate and its 95 % interval, as fractions in 0...1.
    public struct Rate: Sendable {
        /// Fraction of episodes that succeeded.
        public var fraction: Double
        /// Number of episodes.
        public var episodes: Int
        /// Lower end of the interval.
        public var low: Double
        /// Upper end of the interval.
        public var high: Double

        /// A rate with its interval.
        public init(fraction: Double, episodes: Int, low: Double, high: Double) {
            self.fraction = fraction
            self.episodes = episodes
            self.low = low
            self.high = high
        }
    }

    /// Success of a policy on one task, beside the expert it learned from and the policy before training.
    public struct TaskSuccess: Sendable {
        /// Name of the task.
        public var task: String
        /// The trained policy.
        public var policy: Rate
        /// The expert, where it was run.
        public var expert: Rate?
        /// The untrained policy, where it was run.
        public var untrained: Rate?

        /// The rates of a task.
        public init(task: String, policy: Rate, expert: Rate? = nil, untrained: Rate? = nil) {
            self.task = task
            self.policy = policy
            self.expert = expert
            self.untrained = untrained
        }
    }

    /// Success of a policy that was trained elsewhere.
    public struct Shipped: Sendable {
        /// Success over all its tasks.
        public var success: Rate
        /// Number of tasks that it was evaluated on.
        public var tasks: Int
        /// Its films.
        public var rollouts: [Rollout]

        /// Success and films of a policy.
        public init(success: Rate, tasks: Int, rollouts: [Rollout]) {
            self.success = success
            self.tasks = tasks
            self.rollouts = rollouts
        }
    }

    /// Success of a policy on the same episodes under a perturbation.
    public struct PerturbationSuccess: Sendable {
        /// Name of the perturbation, or of the plain episodes.
        public var name: String
        /// Success under it.
        public var rate: Rate
        /// Success less that of the plain episodes, and its 95 % interval; nil of these.
        public var difference: (value: Double, low: Double, high: Double)?
        /// Probability of as large a difference by chance; nil of the plain episodes.
        public var pValue: Double?

        /// The rate under a perturbation.
        public init(
            name: String,
            rate: Rate,
            difference: (value: Double, low: Double, high: Double)? = nil,
            pValue: Double? = nil
        ) {
            self.name = name
            self.rate = rate
            self.difference = difference
            self.pValue = pValue
        }
    }

    /// One stage of an inference.
    public struct Stage: Sendable {
        /// Name of the stage.
        public var name: String
        /// Number of inferences that went through it.
        public var count: Int
        /// Median of its times, milliseconds.
        public var median: Double
        /// 99 % quantile, milliseconds.
        public var slow: Double

        /// A stage and its times.
        public init(name: String, count: Int, median: Double, slow: Double) {
            self.name = name
            self.count = count
            self.median = median
            self.slow = slow
        }
    }

    /// A filmed episode.
    public struct Rollout: Sendable {
        /// Name of the task.
        public var task: String
        /// Seed of the episode.
        public var seed: Int
        /// True if the task was solved.
        public var success: Bool
        /// The film as an MP4 file that browsers play (H.264).
        public var mp4: Data

        /// A filmed episode.
        public init(task: String, seed: Int, success: Bool, mp4: Data) {
            self.task = task
            self.seed = seed
            self.success = success
            self.mp4 = mp4
        }
    }
}
