import ArgumentParser
import Evaluation
import FASTerVLA
import Foundation
import LeRobot
import Numpy
import PolicyServer
import RobotTypes
import Support

/// `faster evaluate`: closed-loop episodes in a simulator.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Roll a policy out in a simulator.",
        discussion: """
            The policy is served on loopback, and the simulator asks it through openpi's own client, as a robot \
            would. Scenes differ from all that demonstrations can have. '--policy expert' runs the simulator's \
            scripted expert on the same scenes.
            """
    )

    @Option(help: "Folder of the policy; 'metaworld', the one that comes with the program; or 'expert'.")
    var policy: String

    @Option(
        help: """
            Simulator: metaworld; or robosuite, libero or legged, which have no cameras yet: --policy expert only.
            """
    )
    var simulator = "metaworld"

    @Option(help: "Names of tasks, with commas between, or all.")
    var tasks: String

    @Option(help: "Episodes of every task.")
    var episodes: Int

    @Option(help: "Scene of the first episode; the next ones count up.")
    var seed = 0

    @Option(help: "Folder for results and videos.")
    var out: String

    @Option(help: "Steps from one observation to the next.")
    var execute = 8

    @Option(
        help: """
            Steps from an observation to its answer; until then the robot carries on with the chunk before. With \
            --execute, at most the policy's horizon.
            """
    )
    var delay = 0

    @Flag(help: "Send the actions that are committed until the answer, for a policy that continues them.")
    var pending = false

    @Option(
        help:
            "Longest episode, in control steps; 500 unless said otherwise, or a task's longest demonstration where that is longer."
    )
    var maxSteps: Int?

    @Option(help: "Episodes of every task that are filmed.")
    var videos = 0

    @Option(
        help: """
            Run the same episodes again under perturbations, with commas between, or all: light, camera, texture, \
            distractors, places (metaworld); actions, delay (every simulator).
            """
    )
    var perturbations: String?

    @Option(help: "Simulator processes at a time.")
    var workers = 2

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var decoding: DecodingOptions
    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        try atLeastOne(workers, "--workers")
        guard !pending || (delay > 0 && policy != "expert") else {
            throw ValidationError("--pending: only a policy that answers with a --delay has pending actions")
        }
    }

    func run() async throws {
        WaitPolicy.spinBriefly()
        _ = try OutputFolder(out)
        let simulator = try Simulator(named: simulator)
        let known = try await simulator.description()
        let names = try known.taskNames(tasks)
        let perturbations = try perturbations.map(known.perturbationNames) ?? []
        let device = try compute.prepare()
        var server: PolicyServer?
        var mover = EvaluationPlan.Mover.expert
        if policy != "expert" {
            let loaded = try PolicyBundle.load(
                from: namedModel(policy, family: .policies),
                device: device,
                decoding: decoding.settings
            )
            try known.check(loaded.contract, for: names)
            try plan(mover, names, perturbations).check(horizon: loaded.contract.horizon)
            guard !pending || loaded.contract.pendingSteps > 0 else {
                throw ValidationError(
                    "--pending: the policy was not trained with them (recipe: pendingSteps)"
                )
            }
            let started = simulatorServer(
                PolicyHandler(policy: loaded, serverName: "faster", version: Faster.version),
                processes: workers
            )
            mover = .server(host: "127.0.0.1", port: try await started.start())
            server = started
        }
        let results: [EpisodeResult]
        do {
            results = try await roll(mover, simulator, names, perturbations)
        } catch {
            await server?.shutdown(gracePeriod: .zero)
            throw error
        }
        await server?.shutdown()
        let summary = EvaluationSummary(of: results, groups: known.taskGroups)
        try write(results, summary, known)
        if json { return try Terminal.printJSON(summary) }
        print(summary.lines.joined(separator: "\n"))
    }

    private func roll(
        _ mover: EvaluationPlan.Mover,
        _ simulator: Simulator,
        _ names: [String],
        _ perturbations: [String]
    ) async throws -> [EpisodeResult] {
        let progress = Terminal.Progress("evaluate \(policy.asFile.lastPathComponent)")
        let runner = SimulatorRunner(simulator: simulator, workers: workers)
        return try await runner.evaluate(plan(mover, names, perturbations)) {
            let name = [$0.task, $0.perturbation].compactMap { $0 }.joined(separator: ", ")
            progress.update($1, "\(name) \($0.success ? "succeeded" : "failed")")
        }
    }

    private func plan(
        _ mover: EvaluationPlan.Mover,
        _ names: [String],
        _ perturbations: [String]
    ) -> EvaluationPlan {
        var plan = EvaluationPlan(mover: mover, tasks: names, episodes: episodes)
        plan.seed = seed
        plan.execute = execute
        plan.delay = delay
        plan.sendsPending = pending
        plan.maxSteps = maxSteps
        plan.perturbations = perturbations
        if videos > 0 { plan.films = .init(folder: filmFolder.path, count: videos) }
        return plan
    }

    private var filmFolder: URL { out.asFile.appending(path: "films") }

    /// Writes `summary.json`, `episodes.json` and the videos.
    private func write(
        _ results: [EpisodeResult],
        _ summary: EvaluationSummary,
        _ known: SimulatorDescription
    ) throws {
        let folder = out.asFile
        removeVideos(of: results, in: folder)
        var results = results
        let films = results.map(\.video)
        for index in results.indices { results[index].video = nil }
        // Before the films, whose disk may be full.
        try DurableFile.writeJSON(results, to: folder.appending(path: "episodes.json"))
        try DurableFile.writeJSON(summary, to: folder.appending(path: "summary.json"))
        for index in results.indices {
            let result = results[index]
            guard let film = films[index] else { continue }
            let robot = try known.robot(for: [result.task]).robot
            let video = "videos/\(result.name).mp4"
            try encodeMP4(
                frames: frames(of: film.asFile),
                fps: robot.framesPerSecond,
                to: folder.appending(path: video)
            )
            results[index].video = video
        }
        try? FileManager.default.removeItem(at: filmFolder)
        try DurableFile.writeJSON(results, to: folder.appending(path: "episodes.json"))
    }

    /// Removes the videos of a former evaluation in `folder`, which would be shown as those of `results`.
    private func removeVideos(of results: [EpisodeResult], in folder: URL) {
        let content = try? Data(contentsOf: folder.appending(path: "episodes.json"))
        let former = content.flatMap { try? JSONDecoder().decode([EpisodeResult].self, from: $0) } ?? []
        for name in Set((former + results).map(\.name)) {
            try? FileManager.default.removeItem(at: folder.appending(path: "videos/\(name).mp4"))
        }
    }

    /// The pictures of a film as a simulator leaves it.
    private func frames(of film: URL) throws -> [Image] {
        let array = try NumpyFile(reading: film)
        let (height, width) = (array.shape[1], array.shape[2])
        let size = height * width * 3
        let bytes = [UInt8](array.bytes)
        return stride(from: 0, to: array.shape[0] * size, by: size).map {
            Image(width: width, height: height, pixels: Array(bytes[$0 ..< $0 + size]))
        }
    }
}
