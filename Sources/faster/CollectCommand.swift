import ArgumentParser
import Evaluation
import FASTerVLA
import Foundation
import LeRobot
import PolicyServer
import Recording
import RobotTypes
import Support

/// `faster collect`: demonstrations of a simulator's experts.
struct CollectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collect",
        abstract: "Record demonstrations of a simulator's scripted experts.",
        discussion: """
            Experts act under DART noise (arXiv 1703.09327), and their own actions are recorded, so that policies learn \
            to recover. Only successful episodes are kept.

            With '--policy', a policy acts first and the expert takes over at a random step, where the demonstration \
            begins (HG-DAgger, arXiv 1810.02890). Such demonstrations start in the states that the policy reaches, \
            failed grasps among them. Train the next policy on them and on the ones before.
            """
    )

    @OptionGroup var rollouts: RolloutOptions

    @Option(help: "Folder of a policy that acts before the expert takes over.")
    var policy: String?

    @OptionGroup var robot: EmbodimentOptions

    @Option(help: "Steps from one observation of the policy to the next (default: 8).")
    var execute: Int?

    @OptionGroup var compute: ComputeOptions

    @Option(help: "Folder for the dataset; must not exist.")
    var out: String

    @Option(help: "Height and width of the images.")
    var size = 96

    @Option(help: "Names of the cameras to record, with commas between; all by default.")
    var cameras: String?

    @Option(help: "Constant rate factor of the video compression: lower is better and larger.")
    var quality = VideoSettings.dataset.quality

    @Option(help: "Standard deviation of the DART noise, as a fraction of the largest action.")
    var noise = 0.3

    @Flag(help: "Record states and actions only.")
    var noImages = false

    @Flag(
        help: """
            Collect task by task into OUT.tasks, so that the same command continues an interrupted collection; the tasks are \
            put together at the end.
            """
    )
    var resumable = false

    func validate() throws {
        guard 2 ... 4096 ~= size, size % 2 == 0 else {
            throw ValidationError("--size: expected an even number in 2 ... 4096, found \(size)")
        }
        guard 0 ... 51 ~= quality else {
            throw ValidationError("--quality should be from 0 to 51, found \(quality)")
        }
        try atLeastOne(stepsPerObservation, "--execute")
        let given = [
            ("--execute", execute != nil, "makes observations"),
            ("--embodiment", robot.embodiment != nil, "has one"),
            ("--device", compute.device != "cpu", "computes"),
            ("--threads", compute.threads != nil, "computes"),
        ]
        if policy == nil, let (option, _, deed) = given.first(where: \.1) {
            throw ValidationError("\(option): only a --policy \(deed)")
        }
    }

    private var stepsPerObservation: Int { execute ?? 8 }

    func run() async throws {
        let simulator = try await rollouts.open()
        guard let policy else { return try await run(simulator, novice: nil) }
        let opened = try await PolicyFolder.load(
            from: namedModel(policy, family: .policies),
            embodiment: robot.embodiment,
            device: compute.prepare()
        )
        try simulator.description.check(opened.contract, for: simulator.tasks)
        let handler = PolicyHandler(policy: opened, serverName: "faster", version: Faster.version)
        try await withServer(handler, clients: rollouts.workers) {
            try await run(simulator, novice: .init(port: $0, execute: stepsPerObservation))
        }
    }

    private func run(_ simulator: OpenedSimulator, novice: CollectionPlan.Novice?) async throws {
        guard resumable else {
            let (dataset, failures) = try await collect(simulator.tasks, into: out.asFile, simulator, novice)
            print(
                "\(out): \(dataset.episodes.count) episodes, \(dataset.frameCount) frames; the experts failed \(failures) more times"
            )
            return
        }
        guard !FileManager.default.fileExists(atPath: out.asFile.path) else {
            throw ValidationError("--out: expected a new folder, found \(out)")
        }
        let parts = URL(filePath: out.asFile.path + ".tasks")
        try checkSettings(of: simulator.tasks, in: parts)
        let hint = ContinuationHint { "\(parts.path): keeps the finished tasks; the same command continues" }
        defer { withExtendedLifetime(hint) {} }
        for task in simulator.tasks {
            try await collectPart(task, into: parts.appending(path: task), simulator, novice)
        }
        try Assembling.write(
            try simulator.tasks.map { .init(dataset: try Assembling.open(parts.appending(path: $0).path)) },
            to: out
        )
        try FileManager.default.removeItem(at: parts)
    }

    /// Makes sure that all demonstrations in `parts`, of this run and of interrupted ones, are made alike.
    private func checkSettings(of tasks: [String], in parts: URL) throws {
        let settings = [
            "--simulator": rollouts.simulator, "--tasks": tasks.joined(separator: ","),
            "--assets": rollouts.assets ?? "none", "--episodes": "\(rollouts.episodes)",
            "--seed": "\(rollouts.seed)", "--size": "\(size)", "--cameras": cameras ?? "all",
            "--quality": "\(quality)", "--noise": "\(noise)", "--no-images": "\(noImages)",
            "--policy": policy.map { "\($0) --execute \(stepsPerObservation)" } ?? "none",
        ]
        let file = parts.appending(path: "settings.json")
        guard let data = try? Data(contentsOf: file),
            let former = try? JSONDecoder().decode([String: String].self, from: data)
        else { return try DurableFile.writeJSON(settings, to: file) }
        for (option, value) in settings.sorted(by: { $0.key < $1.key })
        where former[option, default: "none"] != value {
            throw ValidationError(
                "\(option): expected \(former[option, default: "none"]), as in \(parts.path), found \(value)"
            )
        }
    }

    /// Collects one task's demonstrations, unless they are there; a folder that an interruption left behind starts anew.
    private func collectPart(
        _ task: String,
        into folder: URL,
        _ simulator: OpenedSimulator,
        _ novice: CollectionPlan.Novice?
    ) async throws {
        if FileManager.default.fileExists(atPath: folder.path) {
            let found = try Assembling.open(folder.path).episodes.count
            guard found == rollouts.episodes else {
                throw ValidationError(
                    "--episodes: expected \(found), as in \(folder.path), found \(rollouts.episodes)"
                )
            }
            return
        }
        let partial = URL(filePath: folder.path + ".partial")
        try? FileManager.default.removeItem(at: partial)
        try FileManager.default.createDirectory(
            at: folder.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        let (_, failures) = try await collect([task], into: partial, simulator, novice)
        try FileManager.default.moveItem(at: partial, to: folder)
        print("\(task): \(rollouts.episodes) episodes; the expert failed \(failures) more times")
    }

    /// Writes the demonstrations of `tasks`; returns them with the number of attempts that failed.
    private func collect(
        _ tasks: [String],
        into folder: URL,
        _ simulator: OpenedSimulator,
        _ novice: CollectionPlan.Novice?
    ) async throws -> (dataset: LeRobotDataset, failures: Int) {
        let (robotName, robot) = try simulator.description.robot(for: tasks)
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
            writer: try DatasetWriter(creating: folder, description),
            description: description,
            tasks: tasks,
            episodesPerTask: rollouts.episodes
        )
        do {
            let limits = DemonstrationRecorder.limits
            let collected = try await withServer(recorder, clients: rollouts.workers, limits: limits) {
                try await simulator.run(plan(tasks, port: $0, novice), label: "collect", detail: \.task)
            }
            return (try await recorder.finish(), collected.reduce(0) { $0 + $1.failures })
        } catch {
            await recorder.discard()
            throw error
        }
    }

    private func plan(_ tasks: [String], port: Int, _ novice: CollectionPlan.Novice?) -> CollectionPlan {
        var plan = CollectionPlan(port: port, tasks: tasks, episodes: rollouts.episodes)
        plan.seed = rollouts.seed
        plan.noise = noise
        plan.recordsImages = !noImages
        plan.novice = novice
        return plan
    }

    /// The cameras of `known` that the command line names, in the simulator's order.
    private func chosenCameras(of known: [String]) throws -> [String] {
        guard let cameras else { return known }
        let wanted = cameras.split(separator: ",").map(String.init)
        guard !wanted.isEmpty else {
            throw ValidationError("--cameras: expected names with commas between, found '\(cameras)'")
        }
        if let other = wanted.first(where: { !known.contains($0) }) {
            throw ValidationError(
                "--cameras: the simulator has no camera '\(other)', only \(known.joined(separator: ", "))"
            )
        }
        return known.filter(wanted.contains)
    }
}
