/// Episodes for a simulator to run: a mode of its client, with options, and the results that it prints.
public protocol RolloutPlan: Sendable {
    /// The result of an episode: a line of the client's output.
    associatedtype Episode: Decodable & Sendable

    /// The client's mode, for example `evaluate`.
    static var mode: String { get }

    /// Names of the tasks.
    var tasks: [String] { get }

    /// Number of episodes of every task.
    var episodes: Int { get }

    /// Seed of every task's first episode; the next ones count up.
    var firstSeed: Int { get }

    /// Names of perturbations, under each of which the same episodes are run again.
    var perturbations: [String] { get }

    /// Arguments of the mode, besides tasks, episodes and seed.
    var options: [String] { get }

    /// Validates the plan's numbers.
    ///
    /// - Throws: ``SimulatorError/badPlan(_:)``.
    func check() throws(SimulatorError)

    /// Place of an episode among those of the plan, also its sort key: perturbation, with 0 for none; task; index, or seed.
    func rank(of episode: Episode) -> (Int, Int, Int)
}

extension RolloutPlan {
    /// No perturbations.
    public var perturbations: [String] { [] }

    /// Number of episodes of all tasks, under all perturbations.
    public var count: Int { tasks.count * episodes * (1 + perturbations.count) }

    /// The command line of the simulator's client.
    var arguments: [String] {
        [
            Self.mode, "--tasks", tasks.joined(separator: ","), "--episodes", "\(episodes)",
            "--seed", "\(firstSeed)",
        ] + options
    }

    /// Largest number of episodes of a task, and of steps.
    static var largestCount: Int { Int(Int32.max) }

    /// Validates that there is something to run.
    func checkCounts() throws(SimulatorError) {
        guard !tasks.isEmpty else { throw .badPlan("'\(Self.mode)' needs at least one task") }
        guard episodes > 0 else {
            throw .badPlan("'\(Self.mode)' needs at least one episode, got \(episodes)")
        }
        guard episodes <= Self.largestCount else {
            throw .badPlan("'\(Self.mode)' takes at most \(Self.largestCount) episodes, got \(episodes)")
        }
    }

    /// Index of a task in the plan's order.
    func index(of task: String) -> Int { tasks.firstIndex(of: task) ?? tasks.count }
}
