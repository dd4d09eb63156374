import Evaluation
import Foundation
import Synchronization
import TemporaryFolder
import Testing

/// The real physics behind the real client.
@Suite("MetaWorld")
struct MetaWorldTests {
    @Test("describes its robot and 50 tasks")
    func description() async throws {
        let description = try await metaWorld().description()
        #expect(description.tasks.count == 50)
        #expect(description.tasks["drawer-open-v3"]?.instruction == "open the drawer")
        let (name, robot) = try description.robot(for: ["drawer-open-v3", "reach-v3"])
        #expect(name == "sawyer" && robot.framesPerSecond == 80)
        #expect(robot.cameras == ["corner2", "gripperPOV"])
        #expect(robot.actionNames.count == 4 && robot.stateNames.count == 4)
        let poses = try #require(robot.environmentStateNames)
        #expect(poses.count == 28)
        #expect(poses.suffix(2) == ["gripperPOV_goal_right", "gripperPOV_goal_down"])
    }

    @Test("groups its tasks by difficulty, as the literature does")
    func groups() async throws {
        let groups = try await metaWorld().description().taskGroups
        #expect(groups.map(\.name) == ["easy", "medium", "hard", "very hard"])
        #expect(groups.map(\.tasks.count) == [28, 11, 6, 5])
        #expect(groups[0].tasks.contains("peg-unplug-side-v3"))
        #expect(groups[1].tasks.contains("peg-insert-side-v3"))
    }

    @Test("the error about an unknown task names the nearest and all known ones")
    func unknownTask() async throws {
        let runner = SimulatorRunner(simulator: try metaWorld())
        let plan = EvaluationPlan(controller: .expert, tasks: ["drawer-opn-v3"], episodes: 1)
        let error = await #expect(throws: SimulatorError.self) { try await runner.run(plan) }
        #expect(error?.description.contains("did you mean 'drawer-open-v3'?") == true)
        #expect(error?.description.contains("window-close-v3") == true)
    }

    @Test("the expert succeeds, alike in one process and in two, and is filmed")
    func expert() async throws {
        let folder = try TemporaryFolder()
        var plan = EvaluationPlan(controller: .expert, tasks: ["reach-v3", "coffee-button-v3"], episodes: 2)
        let alone = try await SimulatorRunner(simulator: metaWorld()).run(plan)
        plan.videos = .init(folder: folder.url.path, size: 32)
        let shared = try await SimulatorRunner(simulator: metaWorld(), workers: 2).run(plan) {
            _,
            progress in
            #expect((1 ... 4).contains(progress.done) && progress.total == 4)
        }
        #expect(alone.allSatisfy { $0.success && $0.latencies.isEmpty })
        #expect(alone.map(\.task) == ["reach-v3", "reach-v3", "coffee-button-v3", "coffee-button-v3"])
        #expect(alone.map(\.seed) == [1_000_000, 1_000_001, 1_000_000, 1_000_001])
        #expect(alone.map(\.steps) == shared.map(\.steps))
        #expect(alone.allSatisfy { ($0.jerk ?? 0) > 0 } && alone.map(\.jerk) == shared.map(\.jerk))
        let video = try Data(contentsOf: URL(filePath: try #require(shared[0].video)))
        let header = String(decoding: video.prefix(128), as: UTF8.self)
        #expect(header.contains("'shape': (\(shared[0].steps + 1), 32, 32, 3)"))
        #expect(header.contains("'descr': '|u1'"))
    }

    @Test("a simulator that is killed resumes where it was, with the same results")
    func killed() async throws {
        let runner = SimulatorRunner(simulator: try metaWorld())
        var plan = EvaluationPlan(controller: .expert, tasks: ["reach-v3", "coffee-button-v3"], episodes: 2)
        plan.perturbations = ["actions"]
        // Names this test's simulators among all of the machine.
        plan.seed = 1_000_000 + Int(ProcessInfo.processInfo.processIdentifier)
        let arguments = "--seed \(plan.firstSeed) "
        let whole = try await runner.run(plan)
        let interrupted = try await runner.run(plan) { _, progress in
            // The third episode is the first under the perturbation, the fifth that of the second task.
            guard progress.done == 3 || progress.done == 5 else { return }
            let kill = Process()
            kill.executableURL = URL(filePath: "/usr/bin/pkill")
            kill.arguments = ["-SEGV", "-f", "--", arguments]
            #expect(throws: Never.self) { try kill.run() }
            kill.waitUntilExit()
            #expect(kill.terminationStatus == 0 && progress.restarts <= 1)
        }
        #expect(interrupted == whole)
    }

    @Test(
        "the episodes that an interrupted run has left are run, and no others, with the same results",
        arguments: [1, 2, 9]
    )
    func interrupted(workers: Int) async throws {
        let (plan, whole) = (Self.plan, try await Self.whole.value)
        let positions = [0, 2, 3, 5]
        let done = positions.map { whole[$0] }
        let run = Mutex<[String]>([])
        let completed = try await SimulatorRunner(simulator: metaWorld(), workers: workers)
            .run(plan, after: done) { episode, progress in
                run.withLock { $0.append(episode.name) }
                #expect(progress.total == 8 && progress.done > 4)
            }
        #expect(completed == whole)
        let left = whole.indices.filter { !positions.contains($0) }.map { whole[$0].name }
        #expect(run.withLock { $0.sorted() } == left.sorted())
        #expect(try await SimulatorRunner(simulator: metaWorld()).run(plan, after: whole.reversed()) == whole)
    }

    /// Two tasks, two scenes each, plain and under a perturbation.
    private static let plan = {
        var plan = EvaluationPlan(controller: .expert, tasks: ["reach-v3", "coffee-button-v3"], episodes: 2)
        plan.perturbations = ["actions"]
        return plan
    }()

    private static let whole = Task { try await SimulatorRunner(simulator: metaWorld()).run(plan) }

    @Test("asks a policy once a chunk, with what its metadata wants")
    func policy() async throws {
        let peer = try Peer("policy", size: 24)
        var plan = EvaluationPlan(
            controller: .server(host: "127.0.0.1", port: peer.port),
            tasks: ["door-close-v3"],
            episodes: 1
        )
        plan.maxSteps = 20
        let episodes = try await SimulatorRunner(simulator: metaWorld()).run(plan)
        #expect(episodes.map(\.success) == [false])
        #expect(episodes.map(\.steps) == [20])
        #expect(episodes.first?.latencies.count == 3)
        let messages = try peer.messages()
        #expect(messages.count == 3)
        #expect(
            messages.first as? [String: String] == [
                "observation/images/corner2": "uint8[24, 24, 3]",
                "observation/images/gripperPOV": "uint8[24, 24, 3]",
                "observation/state": "float32[4]", "prompt": "close the door",
            ]
        )
    }

    @Test("refuses a policy that wants a camera it does not have, naming it")
    func stranger() async throws {
        let peer = try Peer("stranger", size: 24)
        let plan = EvaluationPlan(
            controller: .server(host: "127.0.0.1", port: peer.port),
            tasks: ["reach-v3"],
            episodes: 1
        )
        let error = await #expect(throws: SimulatorError.self) {
            try await SimulatorRunner(simulator: metaWorld()).run(plan)
        }
        #expect(error?.description.contains("the server wants 'observation/images/wrist'") == true)
    }

    @Test("refuses a port that there is not")
    func port() async throws {
        let plan = EvaluationPlan(
            controller: .server(host: "127.0.0.1", port: 70_000),
            tasks: ["reach-v3"],
            episodes: 1
        )
        let error = await #expect(throws: SimulatorError.self) {
            try await SimulatorRunner(simulator: metaWorld()).run(plan)
        }
        #expect(error?.description.contains("--port: expected 1 ... 65535, found 70000") == true)
    }

    @Test("sends whole demonstrations to a recorder")
    func collection() async throws {
        let peer = try Peer("recorder", size: 24)
        let plan = CollectionPlan(port: peer.port, tasks: ["reach-v3"], episodes: 2)
        let episodes = try await SimulatorRunner(simulator: metaWorld(), workers: 2).run(plan)
        #expect(episodes.map(\.index) == [0, 1])
        let messages = try peer.messages().sorted { ($0["index"] as? Int ?? 0) < ($1["index"] as? Int ?? 0) }
        for (message, episode) in zip(messages, episodes) {
            #expect(message["record"] as? String == "episode")
            #expect(message["task"] as? String == "reach-v3")
            #expect(message["prompt"] as? String == "reach the goal")
            #expect(message["seed"] as? Int == episode.seed)
            let expected = "uint8[\(episode.steps), 24, 24, 3]"
            #expect(message["images"] as? [String: String] == ["corner2": expected, "gripperPOV": expected])
            #expect(message["action"] as? String == "float32[\(episode.steps), 4]")
            #expect(message["observation/state"] as? String == "float32[\(episode.steps), 4]")
        }
        #expect(messages.count == 2)
    }

    @Test("collections keep away from the scenes of evaluations")
    func seeds() async throws {
        var plan = CollectionPlan(port: 1, tasks: ["reach-v3"], episodes: 40)
        plan.seed = EvaluationPlan.firstSeed - 100
        let error = await #expect(throws: SimulatorError.self) {
            try await SimulatorRunner(simulator: metaWorld()).run(plan)
        }
        #expect(error?.description.contains("belong to evaluations") == true)
    }
}
