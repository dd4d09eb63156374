import ArgumentParser
import Evaluation
import Foundation
import LeRobot
import Logging
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

    @Option(help: "Names of tasks, with commas between.")
    var tasks: String

    @Option(help: "Episodes of every task.")
    var episodes: Int

    @Option(help: "Scene of the first episode; the next ones count up.")
    var seed = 0

    @Option(help: "Folder for the dataset; must not exist.")
    var out: String

    @Option(help: "Rows and columns of the pictures.")
    var size = 96

    @Option(help: "Strength of the pushes that disturb the expert.")
    var noise = 0.3

    @Flag(help: "Record states and actions only.")
    var noImages = false

    @Option(help: "Simulator processes at a time.")
    var workers = 2

    func validate() throws { try atLeastOne(workers, "--workers") }

    func run() async throws {
        let simulator = try Simulator(named: simulator)
        let names = tasks.split(separator: ",").map(String.init)
        let (robotName, robot) = try await simulator.description().robot(for: names)
        let cameras = noImages ? [] : robot.cameras
        let description = DatasetDescription(
            fps: robot.framesPerSecond,
            robotType: robotName,
            actionNames: robot.actionNames,
            stateNames: robot.stateNames,
            cameras: cameras.map { .init(name: "observation.images.\($0)", height: size, width: size) }
        )
        let recorder = DemonstrationRecorder(
            writer: try DatasetWriter(creating: out.asFile, description),
            description: description,
            tasks: names,
            episodesPerTask: episodes
        )
        let server = PolicyServer(
            handler: recorder,
            host: "127.0.0.1",
            port: 0,
            logger: Logger(label: "collect") { _ in SwiftLogNoOpLogHandler() }
        )
        let port = try await server.start()
        var plan = CollectionPlan(port: port, tasks: names, episodes: episodes)
        plan.seed = seed
        plan.noise = noise
        plan.recordsImages = !noImages
        let progress = Terminal.Progress("collect")
        do {
            let collected = try await SimulatorRunner(simulator: simulator, workers: workers).collect(plan) {
                progress.update($1.done, of: $1.total, $0.task)
            }
            await server.shutdown()
            let dataset = try await recorder.finish()
            let failures = collected.reduce(0) { $0 + $1.failures }
            print(
                "\(out): \(dataset.episodes.count) episodes, \(dataset.frameCount) frames; the experts failed \(failures) more times"
            )
        } catch {
            await server.shutdown(gracePeriod: .zero)
            throw error
        }
    }
}
