import ArgumentParser
import Evaluation

/// The simulator and the episodes of a command that runs them.
struct RolloutOptions: ParsableArguments {
    @Option(
        help:
            "Simulator: metaworld, libero, simpler, or robosuite, whose two arms have cameras; or legged, which has none."
    )
    var simulator = "metaworld"

    @Option(help: "Names of tasks, with commas between, or all.")
    var tasks: String?

    @Option(
        help:
            "Instead of --tasks, a suite: spatial, object, goal or long (libero), or a group of MetaWorld's tasks."
    )
    var suite: String?

    @Option(
        help:
            "Meshes and textures: full, the benchmark's own and the default, or slim for quick collection (libero)."
    )
    var assets: String?

    @Option(help: "Number of episodes of every task.")
    var episodes: Int

    @Option(help: "Scene of the first episode; the next ones count up.")
    var seed = 0

    @Option(help: "Number of simulator processes.")
    var workers = 2

    func validate() throws {
        guard (1 ... 1024).contains(workers) else {
            throw ValidationError("--workers: expected 1 ... 1024, found \(workers)")
        }
        try atLeastOne(episodes, "--episodes")
        guard (tasks == nil) != (suite == nil) else {
            throw ValidationError(
                "--tasks: expected this or --suite, found \(tasks == nil ? "neither" : "both")"
            )
        }
    }

    /// The simulator and the tasks, which it has.
    ///
    /// - Throws: `SimulatorError`.
    func open() async throws -> OpenedSimulator {
        let simulator = try Simulator(named: simulator)
        let description = try await simulator.description()
        let assets = try description.assets(named: assets)
        return OpenedSimulator(
            runner: SimulatorRunner(simulator: simulator, workers: workers, assets: assets),
            description: description,
            tasks: try suite.map(description.taskNames(ofGroup:)) ?? description.taskNames(tasks ?? "")
        )
    }
}

/// A simulator that is ready to run episodes of some tasks.
struct OpenedSimulator {
    let runner: SimulatorRunner
    let description: SimulatorDescription
    let tasks: [String]

    /// Runs the episodes of `plan` with a line of progress.
    func run<Plan: RolloutPlan>(
        _ plan: Plan,
        label: String,
        detail: @escaping @Sendable (Plan.Episode) -> String
    ) async throws -> [Plan.Episode] {
        let progress = Terminal.Progress(label)
        return try await runner.run(plan) { progress.update($1, detail($0)) }
    }
}
