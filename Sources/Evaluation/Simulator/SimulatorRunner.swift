import Foundation

/// Runs a simulator's episodes, in several processes where there are cores for them.
///
/// An episode depends on its plan alone, never on the number of processes. So a process that crashes, as renderers do at
/// times, is restarted at the episode that it was at; a second crash there is an error.
public struct SimulatorRunner: Sendable {
    /// The simulator.
    public let simulator: Simulator

    /// Number of processes at a time.
    public let workers: Int

    /// Name of the set of meshes and textures, of a simulator that has several.
    public let assets: String?

    /// Runs `simulator` in `workers` processes.
    public init(simulator: Simulator, workers: Int = 1, assets: String? = nil) {
        precondition(workers > 0, "a simulator needs at least one process")
        self.simulator = simulator
        self.workers = workers
        self.assets = assets
    }

    /// Runs the episodes of `plan`; cancelling the task ends the processes.
    ///
    /// - Parameters:
    ///   - plan: The episodes to evaluate, collect or replay.
    ///   - onEpisode: Called after every episode, one call at a time, in the order they end; an error that it throws ends
    ///     the run.
    /// - Returns: All episodes: by perturbation, the unperturbed ones first, then by task, both in the plan's order, then by
    ///   seed or index.
    /// - Throws: ``SimulatorError``, or what `onEpisode` throws; the other processes are ended then.
    public func run<Plan: RolloutPlan>(
        _ plan: Plan,
        onEpisode: @escaping @Sendable (Plan.Episode, RunProgress) throws -> Void = { _, _ in }
    ) async throws -> [Plan.Episode] {
        try await run(plan, after: [], at: [], onEpisode: onEpisode)
    }

    /// Runs the episodes of `plan` that an interrupted run has left, as ``run(_:onEpisode:)`` does.
    ///
    /// - Parameters:
    ///   - plan: The episodes to evaluate.
    ///   - done: Episodes that the interrupted run has done, each of them once.
    ///   - onEpisode: Called after every further episode.
    /// - Returns: All episodes, those in `done` among them.
    /// - Throws: As ``run(_:onEpisode:)``.
    public func run(
        _ plan: EvaluationPlan,
        after done: [EpisodeResult],
        onEpisode: @escaping @Sendable (EpisodeResult, RunProgress) throws -> Void = { _, _ in }
    ) async throws -> [EpisodeResult] {
        try await run(plan, after: done, at: done.map(plan.position), onEpisode: onEpisode)
    }

    private func run<Plan: RolloutPlan>(
        _ plan: Plan,
        after done: [Plan.Episode],
        at positions: [Int],
        onEpisode: @escaping @Sendable (Plan.Episode, RunProgress) throws -> Void
    ) async throws -> [Plan.Episode] {
        try plan.check()
        let description = try await simulator.description()
        try description.check(tasks: plan.tasks)
        try description.check(perturbations: plan.perturbations)
        let results = Results(done, total: plan.count, onEpisode: onEpisode)
        let processes = min(workers, plan.count - done.count)
        let common =
            plan.arguments + (assets.map { ["--assets", $0] } ?? [])
            + (positions.isEmpty ? [] : ["--done", positions.ranges])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0 ..< max(0, processes) {
                group.addTask {
                    try await run(common + ["--shard", "\(index)/\(processes)"], results)
                }
            }
            // Not `waitForAll`, which would let the others go on to their end before it throws.
            for try await _ in group {}
        }
        try Task.checkCancellation()
        let found = await results.episodes
        guard found.count == plan.count else {
            throw SimulatorError.missingEpisodes(expected: plan.count, found: found.count)
        }
        return found.sorted { plan.rank(of: $0) < plan.rank(of: $1) }
    }

    /// Runs one process's shard, again from where a crash left it.
    private func run<Episode>(_ arguments: [String], _ results: Results<Episode>) async throws {
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
                    try await results.add(line)
                    done += 1
                }
                return
            } catch SimulatorError.crashed where lastCrash != done {
                lastCrash = done
                await results.noteRestart()
            }
        }
    }
}

/// Episodes as they come from all processes.
private actor Results<Episode: Decodable & Sendable> {
    private(set) var episodes: [Episode]
    private var restarts = 0
    private let total: Int
    private let onEpisode: @Sendable (Episode, RunProgress) throws -> Void
    private let start = ContinuousClock.now

    init(
        _ episodes: [Episode],
        total: Int,
        onEpisode: @escaping @Sendable (Episode, RunProgress) throws -> Void
    ) {
        (self.episodes, self.total, self.onEpisode) = (episodes, total, onEpisode)
    }

    func noteRestart() { restarts += 1 }

    func add(_ line: String) throws {
        guard let episode = try? JSONDecoder().decode(Episode.self, from: Data(line.utf8)) else {
            throw SimulatorError.unreadableLine(line)
        }
        episodes.append(episode)
        let elapsed = start.duration(to: .now)
        try onEpisode(
            episode,
            RunProgress(done: episodes.count, total: total, elapsed: elapsed, restarts: restarts)
        )
    }
}

extension [Int] {
    /// The numbers as ranges in rising order: `0-4,7`.
    fileprivate var ranges: String {
        var ranges: [ClosedRange<Int>] = []
        for number in sorted() {
            if let last = ranges.last, last.upperBound + 1 == number {
                ranges[ranges.count - 1] = last.lowerBound ... number
            } else {
                ranges.append(number ... number)
            }
        }
        return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }
}
