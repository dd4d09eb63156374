import ArgumentParser
import Evaluation
import Foundation
import LeRobot
import PolicyServer
import Recording
import RobotTypes

/// `faster collect`: demonstrations of a simulator's experts.
struct CollectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collect",
        abstract: "Record demonstrations of a simulator's scripted experts.",
        discussion: """
            Experts act while they are disturbed, and their undisturbed wish is recorded, so that policies see how \
            to recover. Only successful episodes are kept.
            """
    )

    @Option(help: "Simulator: metaworld, robosuite, libero or legged.")
    var simulator = "metaworld"

    @Option(help: "Names of tasks, with commas between, or all.")
    var tasks: String

    @Option(help: "Episodes of every task.")
    var episodes: Int

    @Option(help: "Scene of the first episode; the next ones count up.")
    var seed = 0

    @Option(help: "Folder for the dataset; must not exist.")
    var out: String

    @Option(help: "Rows and columns of the pictures.")
    var size = 96

    @Option(help: "Names of the cameras to record, with commas between; all unless said otherwise.")
    var cameras: String?

    @Option(help: "How coarsely pictures are compressed, a constant rate factor: lower is better and larger.")
    var quality = VideoSettings.dataset.quality

    @Option(help: "Strength of the pushes that disturb the expert.")
    var noise = 0.3

    @Flag(help: "Record states and actions only.")
    var noImages = false

    @Option(help: "Simulator processes at a time.")
    var workers = 2

    func validate() throws {
        try atLeastOne(workers, "--workers")
        guard 0 ... 51 ~= quality else {
            throw ValidationError("--quality should be from 0 to 51, found \(quality)")
        }
    }

    func run() async throws {
        let simulator = try Simulator(named: simulator)
        let known = try await simulator.description()
        let names = try known.taskNames(tasks)
        let (robotName, robot) = try known.robot(for: names)
        let cameras = noImages ? [] : try chosenCameras(of: robot.cameras)
        var video = VideoSettings.dataset
        video.quality = quality
        let description = DatasetDescription(
            fps: robot.framesPerSecond,
            robotType: robotName,
            actionNames: robot.actionNames,
            stateNames: robot.stateNames,
            environmentStateNames: robot.environmentStateNames ?? [],
            cameras: cameras.map { .init(name: "observation.images.\($0)", height: size, width: size) },
            video: video
        )
        let recorder = DemonstrationRecorder(
            writer: try DatasetWriter(creating: out.asFile, description),
            description: description,
            tasks: names,
            episodesPerTask: episodes
        )
        let server = simulatorServer(recorder, processes: workers, limits: DemonstrationRecorder.limits)
        let port = try await server.start()
        var plan = CollectionPlan(port: port, tasks: names, episodes: episodes)
        plan.seed = seed
        plan.noise = noise
        plan.recordsImages = !noImages
        let progress = Terminal.Progress("collect")
        do {
            let collected = try await SimulatorRunner(simulator: simulator, workers: workers).collect(plan) {
                progress.update($1, $0.task)
            }
            await server.shutdown()
            let dataset = try await recorder.finish()
            let failures = collected.reduce(0) { $0 + $1.failures }
            print(
                "\(out): \(dataset.episodes.count) episodes, \(dataset.frameCount) frames; the experts failed \(failures) more times"
            )
        } catch {
            await server.shutdown(gracePeriod: .zero)
            await recorder.discard()
            throw error
        }
    }

    /// Those of `known` that are asked for, in the simulator's order.
    private func chosenCameras(of known: [String]) throws -> [String] {
        guard let cameras else { return known }
        let wanted = cameras.split(separator: ",").map(String.init)
        if let other = wanted.first(where: { !known.contains($0) }) {
            throw ValidationError(
                "--cameras: the simulator has no camera '\(other)', only \(known.joined(separator: ", "))"
            )
        }
        return known.filter(wanted.contains)
    }
}
