import Foundation

/// Runs a simulator's episodes, in several processes where there are cores for them.
///
/// What an episode does depends on its plan alone, never on the number of processes. So a process that crashes, as
/// renderers do at times, is started anew at the episode that it was at; a second crash there is an error.
public struct SimulatorRunner: Sendable {
    /// The simulator.
    public let simulator: Simulator

    /// Processes at a time.
    public let workers: Int

    /// Runs `simulator` in `workers` processes.
    public init(simulator: Simulator, workers: Int = 1) {
        precondition(workers > 0, "a simulator needs at least one process")
        self.simulator = simulator
        self.workers = workers
    }

    /// Runs the episodes of `plan`; cancelling the task ends the processes.
    ///
    /// - Parameters:
    ///   - plan: What to run.
    ///   - onEpisode: Called after every episode, one call at a time, in the order they end.
    /// - Returns: All episodes: the plain ones, then those of every perturbation; each in the order of the plan's tasks, then
    ///   by seed.
    /// - Throws: ``SimulatorError``; the other processes are ended then.
    public func evaluate(
        _ plan: EvaluationPlan,
        onEpisode: @escaping @Sendable (EpisodeResult, RunProgress) -> Void = { _, _ in }
    ) async throws -> [EpisodeResult] {
        try plan.check()
        let description = try await simulator.description()
        try description.check(tasks: plan.tasks)
        try description.check(perturbations: plan.perturbations)
        return try await run(plan.arguments, count: plan.count, onEpisode)
            .sorted { $0.rank(in: plan) < $1.rank(in: plan) }
    }

    /// Sends the demonstrations of `plan` to its recorder; cancelling the task ends the processes.
    ///
    /// - Parameters:
    ///   - plan: What to collect.
    ///   - onEpisode: Called after every episode kept, one call at a time, in the order they end.
    /// - Returns: All episodes, in the order of the plan's tasks, then by index.
    /// - Throws: ``SimulatorError``; the other processes are ended then.
    public func collect(
        _ plan: CollectionPlan,
        onEpisode: @escaping @Sendable (CollectedEpisode, RunProgress) -> Void = { _, _ in }
    ) async throws -> [CollectedEpisode] {
        try plan.check()
        try await simulator.description().check(tasks: plan.tasks)
        return try await run(plan.arguments, count: plan.count, onEpisode)
            .sorted { ($0.rank(in: plan.tasks), $0.index) < ($1.rank(in: plan.tasks), $1.index) }
    }

    /// Lets the experts of `plan` play, and executes what its server makes of their episodes; cancelling the task ends the
    /// processes.
    ///
    /// - Parameters:
    ///   - plan: What to replay.
    ///   - onEpisode: Called after every episode, one call at a time, in the order they end.
    /// - Returns: All episodes, in the order of the plan's tasks, then by seed.
    /// - Throws: ``SimulatorError``; the other processes are ended then.
    public func replay(
        _ plan: ReplayPlan,
        onEpisode: @escaping @Sendable (ReplayedEpisode, RunProgress) -> Void = { _, _ in }
    ) async throws -> [ReplayedEpisode] {
        try plan.check()
        try await simulator.description().check(tasks: plan.tasks)
        func rank(_ episode: ReplayedEpisode) -> Int {
            plan.tasks.firstIndex(of: episode.task) ?? plan.tasks.count
        }
        return try await run(plan.arguments, count: plan.count, onEpisode)
            .sorted { (rank($0), $0.seed) < (rank($1), $1.seed) }
    }

    private func run<Episode: Decodable & Sendable>(
        _ arguments: [String],
        count: Int,
        _ onEpisode: @escaping @Sendable (Episode, RunProgress) -> Void
    ) async throws -> [Episode] {
        let tally = Tally(total: count, onEpisode: onEpisode)
        let processes = min(workers, count)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0 ..< processes {
                group.addTask { try await run(arguments + ["--share", "\(index)/\(processes)"], tally) }
            }
            // Not `waitForAll`, which would let the others go on to their end before it throws.
            for try await _ in group {}
        }
        try Task.checkCancellation()
        let found = await tally.episodes
        guard found.count == count else {
            throw SimulatorError.missingEpisodes(expected: count, found: found.count)
        }
        return found
    }

    /// Runs one process's share, from where a crash left it if need be.
    private func run<Episode>(_ arguments: [String], _ tally: Tally<Episode>) async throws {
        var done = 0
        var lastCrash: Int?
        while true {
            let process = try SimulatorProcess(
                simulator: simulator,
                arguments: arguments + ["--skip", "\(done)"]
            )
            defer { process.end() }
            do {
                for try await line in process.lines {
                    try await tally.add(line)
                    done += 1
                }
                return
            } catch SimulatorError.crashed where lastCrash != done {
                lastCrash = done
                await tally.noteRestart()
            }
        }
    }
}

/// Episodes as they come from all processes.
private actor Tally<Episode: Decodable & Sendable> {
    private(set) var episodes: [Episode] = []
    private var restarts = 0
    private let total: Int
    private let onEpisode: @Sendable (Episode, RunProgress) -> Void
    private let start = ContinuousClock.now

    init(total: Int, onEpisode: @escaping @Sendable (Episode, RunProgress) -> Void) {
        self.total = total
        self.onEpisode = onEpisode
    }

    func noteRestart() { restarts += 1 }

    func add(_ line: String) throws(SimulatorError) {
        guard let episode = try? JSONDecoder().decode(Episode.self, from: Data(line.utf8)) else {
            throw .unreadableLine(line)
        }
        episodes.append(episode)
        let elapsed = start.duration(to: .now)
        onEpisode(
            episode,
            RunProgress(done: episodes.count, total: total, elapsed: elapsed, restarts: restarts)
        )
    }
}

extension EpisodeResult {
    fileprivate func rank(in plan: EvaluationPlan) -> (Int, Int, Int) {
        let order = perturbation.map {
            1 + (plan.perturbations.firstIndex(of: $0) ?? plan.perturbations.count)
        }
        return (order ?? 0, plan.tasks.firstIndex(of: task) ?? plan.tasks.count, seed)
    }
}

extension CollectedEpisode {
    fileprivate func rank(in tasks: [String]) -> Int { tasks.firstIndex(of: task) ?? tasks.count }
}
