import Evaluation
import Foundation
import RobotTypes
import Synchronization
import TemporaryFolder
import Testing

@Suite("Finding a simulator")
struct SimulatorTests {
    @Test("from an installation, through links")
    func installation() throws {
        let folder = try TemporaryFolder()
        let program = try folder.write("", to: "prefix/bin/faster")
        try folder.write("", to: "prefix/share/faster/Simulators/toy/tasks.py")
        try folder.write("", to: "prefix/share/faster/.deps/python/bin/python")
        let link = folder.appending(path: "faster")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: program)
        let simulator = try Simulator(named: "toy", near: link)
        #expect(simulator.root.path.hasSuffix("prefix/share/faster"))
        #expect(simulator.python.path.hasSuffix("prefix/share/faster/.deps/python/bin/python"))
    }

    @Test("an unknown one is named beside the known ones")
    func unknown() throws {
        let folder = try TemporaryFolder()
        try folder.write("", to: "Simulators/toy/tasks.py")
        let error = #expect(throws: SimulatorError.self) {
            try Simulator(named: "tyo", near: folder.appending(path: "bin/faster"))
        }
        #expect(error?.description.contains("no simulator 'tyo'") == true)
        #expect(error?.description.contains("known: toy") == true)
    }

    @Test("a missing Python says what to run")
    func noPython() throws {
        let folder = try TemporaryFolder()
        try folder.write("", to: "Simulators/toy/tasks.py")
        let error = #expect(throws: SimulatorError.self) {
            try Simulator(named: "toy", near: folder.appending(path: "bin/faster"))
        }
        #expect(error?.description.hasSuffix("run Scripts/bootstrap") == true)
    }

    @Test("one with packages of its own has a Python of its own")
    func ownPython() throws {
        let folder = try TemporaryFolder()
        try folder.write("", to: "Simulators/toy/tasks.py")
        try folder.write("", to: "Simulators/toy/requirements.txt")
        try folder.write("", to: ".deps/python/bin/python")
        let program = folder.appending(path: "bin/faster")
        let error = #expect(throws: SimulatorError.self) { try Simulator(named: "toy", near: program) }
        #expect(error?.description.hasSuffix("run Scripts/bootstrap --simulator toy") == true)
        try folder.write("", to: ".deps/simulators/toy/bin/python")
        let simulator = try Simulator(named: "toy", near: program)
        #expect(simulator.python.path.hasSuffix(".deps/simulators/toy/bin/python"))
    }
}

@Suite("What a simulator says about itself")
struct SimulatorDescriptionTests {
    private func description() throws -> SimulatorDescription {
        func robot(_ cameras: String) -> String {
            #"{"fps": 20, "cameras": [\#(cameras)], "state": ["x"], "action": ["delta_x"]}"#
        }
        let arm = robot(#""front", "wrist""#)
        let text = """
            {"robots": {"arm": \(arm), "pair": \(robot(""))}, "tasks": {"lift": {"instruction": "lift it", "robot": "arm"},
            "stack": {"instruction": "stack them", "robot": "arm"}, "carry": {"instruction": "carry it", "robot": "pair"}},
            "perturbations": ["light", "actions"]}
            """
        return try JSONDecoder().decode(SimulatorDescription.self, from: Data(text.utf8))
    }

    @Test("tasks of one robot make a dataset")
    func oneRobot() throws {
        let (name, robot) = try description().robot(for: ["lift", "stack"])
        #expect(name == "arm" && robot.actionNames == ["delta_x"])
    }

    @Test("suites and sets of assets are those that the simulator has")
    func suitesAndAssets() throws {
        let text = """
            {"robots": {}, "tasks": {"lift": {"instruction": "lift it", "robot": "arm", "group": "easy"},
            "stack": {"instruction": "stack them", "robot": "arm", "group": "hard"}}, "groups": ["easy", "hard"],
            "assets": ["full", "slim"]}
            """
        let suites = try JSONDecoder().decode(SimulatorDescription.self, from: Data(text.utf8))
        #expect(try suites.taskNames(ofGroup: "hard") == ["stack"])
        #expect(try suites.assets(named: nil) == "full" && suites.assets(named: "slim") == "slim")
        #expect(try description().assets(named: nil) == nil)
        func refusal(_ body: () throws(SimulatorError) -> Void) -> String? {
            #expect(throws: SimulatorError.self, performing: body)?.description
        }
        #expect(
            refusal { () throws(SimulatorError) in _ = try suites.taskNames(ofGroup: "odd") }
                == "the simulator has no suite 'odd': its suites are easy, hard"
        )
        #expect(
            refusal { () throws(SimulatorError) in _ = try suites.assets(named: "odd") }
                == "the simulator has no assets 'odd': they are full, slim"
        )
    }

    @Test("'all' names every task")
    func allTasks() throws {
        #expect(try description().taskNames("all") == ["carry", "lift", "stack"])
        #expect(try description().taskNames("stack,lift") == ["stack", "lift"])
    }

    @Test(
        "tasks are named, and once",
        arguments: [
            ("lift,stack,lift", "task 'lift' is named twice"),
            ("", "expected names of tasks with commas between, or all, found ''"),
            (",", "expected names of tasks with commas between, or all, found ','"),
        ]
    )
    func repeatedTasks(text: String, message: String) {
        let error = #expect(throws: SimulatorError.self) { try description().taskNames(text) }
        #expect(error?.description == message)
    }

    @Test("a policy needs a robot with its cameras and its state, beside its actions")
    func contract() throws {
        var contract = PolicyContract(
            cameras: [.init(name: "observation.images.wrist", height: 4, width: 4)],
            stateDimension: 1,
            horizon: 2,
            actionSpace: try ActionSpace(parsing: "gripper=0"),
            framesPerSecond: 20
        )
        let description = try description()
        try description.check(contract, for: ["lift"])
        func refusal(_ contract: PolicyContract, _ task: String) -> String? {
            let error = #expect(throws: SimulatorError.self) {
                try description.check(contract, for: [task])
            }
            return error?.description
        }
        #expect(
            refusal(contract, "carry")
                == "the policy looks through observation.images.wrist; the simulator's robot, pair, has no cameras: "
                + "only its expert can be evaluated, --policy expert"
        )
        contract.cameras.append(.init(name: "observation.images.roof", height: 4, width: 4))
        #expect(
            refusal(contract, "lift")
                == "the policy looks through observation.images.roof; the simulator's robot, arm, has only front, wrist"
        )
        contract.cameras.removeLast()
        contract.stateDimension = 3
        #expect(
            refusal(contract, "lift")
                == "the policy's state has 3 columns; that of the simulator's robot, arm, has 1: x"
        )
        contract.stateDimension = 0
        try description.check(contract, for: ["lift"])
    }

    @Test("perturbations are those that the simulator has")
    func perturbations() throws {
        #expect(try description().perturbationNames("all") == ["light", "actions"])
        #expect(try description().perturbationNames("actions") == ["actions"])
        let error = #expect(throws: SimulatorError.self) {
            try description().perturbationNames("light,action")
        }
        #expect(
            error?.description
                == "unknown perturbation 'action': did you mean 'actions'? The perturbations are light, actions"
        )
    }

    @Test("tasks of different robots do not, and each is named with its robot")
    func differentRobots() throws {
        let error = #expect(throws: SimulatorError.self) { try description().robot(for: ["lift", "carry"]) }
        #expect(error == .differentRobots(["lift needs arm", "carry needs pair"]))
        #expect(error?.description.contains("carry needs pair: collect them apart") == true)
    }
}

/// Runs scripts that misbehave instead of a simulator.
@Suite("A simulator that misbehaves")
struct MisbehavingSimulatorTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let description = """
        import sys, os, json, time
        if "describe" in sys.argv:
            robots = dict(toy=dict(fps=10, cameras=[], state=[], action=[]))
            print(json.dumps(dict(robots=robots, tasks=dict(push=dict(instruction="push it", robot="toy")))))
            sys.exit()

        """

    @Test("a description that lacks something is named with the simulator")
    func badDescription() async throws {
        let simulator = try simulator("print('{}')")
        let error = await #expect(throws: SimulatorError.self) { try await simulator.description() }
        #expect(error?.description.hasPrefix("simulator toy printed a description that cannot") == true)
        #expect(error?.description.contains("robots") == true)
    }

    /// A simulator whose client is `script`.
    private func simulator(_ script: String) throws -> Simulator {
        try folder.write(script, to: "Simulators/__main__.py")
        let python = packageFolder.appending(path: ".deps/python/bin/python")
        return Simulator(name: "toy", root: folder.url, python: python)
    }

    private func runner(_ script: String, workers: Int = 1) throws -> SimulatorRunner {
        SimulatorRunner(simulator: try simulator(Self.description + script), workers: workers)
    }

    private let plan = EvaluationPlan(controller: .expert, tasks: ["push"], episodes: 1)

    @Test("a crash is reported with its status and last words")
    func crash() async throws {
        let runner = try runner(
            "print('loading', file=sys.stderr); print('out of memory', file=sys.stderr); sys.exit(7)"
        )
        let error = await #expect(throws: SimulatorError.self) { try await runner.run(plan) }
        #expect(error == .failed(simulator: "toy", status: 7, output: "loading\nout of memory"))
    }

    /// Prints a line for every episode of the shard that is not skipped; `before` runs first, with `index`.
    private func playing(before: String) -> String {
        """
        import signal
        skip = int(sys.argv[sys.argv.index("--skip") + 1])
        for index in range(skip, 3):
            \(before)
            print(json.dumps(dict(task="push", seed=index, success=True, steps=1, latency_ms=[])), flush=True)
        """
    }

    private let threeEpisodes = EvaluationPlan(controller: .expert, tasks: ["push"], episodes: 3)

    @Test("a simulator that crashes is restarted at the episode that it was at")
    func restart() async throws {
        let mark = folder.appending(path: "crashed").path
        let runner = try runner(
            playing(
                before: """
                    if index == 1 and not os.path.exists('\(mark)'):
                            open('\(mark)', 'w').close()
                            os.kill(os.getpid(), signal.SIGSEGV)
                    """
            )
        )
        let restarts = Mutex(0)
        let results = try await runner.run(threeEpisodes) { _, progress in
            restarts.withLock { $0 = progress.restarts }
        }
        #expect(results.map(\.seed) == [0, 1, 2])
        #expect(restarts.withLock { $0 } == 1)
    }

    @Test("a second crash at the same episode is an error that names the signal and has the last words")
    func repeatedCrash() async throws {
        let runner = try runner(
            playing(
                before: """
                    if index == 1:
                            print('in step', file=sys.stderr, flush=True)
                            os.kill(os.getpid(), signal.SIGKILL)
                    """
            )
        )
        let error = await #expect(throws: SimulatorError.self) { try await runner.run(threeEpisodes) }
        #expect(error == .crashed(simulator: "toy", signal: SIGKILL, output: "in step"))
        #expect(error?.description == "simulator toy crashed with signal 9 (Killed):\nin step")
    }

    @Test("an error of one process ends the others", .timeLimit(.minutes(5)))
    func errorEndsOthers() async throws {
        let runner = try runner("sys.exit(7) if '1/2' in sys.argv else time.sleep(600)", workers: 2)
        let error = await #expect(throws: SimulatorError.self) { try await runner.run(threeEpisodes) }
        #expect(error == .failed(simulator: "toy", status: 7, output: ""))
    }

    @Test("a line that is no episode is quoted")
    func unreadable() async throws {
        let runner = try runner("print('hello', flush=True); time.sleep(60)")
        let error = await #expect(throws: SimulatorError.self) { try await runner.run(plan) }
        #expect(error == .unreadableLine("hello"))
    }

    @Test("episodes left out are counted")
    func missing() async throws {
        let error = await #expect(throws: SimulatorError.self) { try await runner("").run(plan) }
        #expect(error == .missingEpisodes(expected: 1, found: 0))
    }

    @Test("a cancelled run ends its process", .timeLimit(.minutes(5)))
    func cancellation() async throws {
        let mark = folder.appending(path: "pid")
        let runner = try runner("open('\(mark.path)', 'w').write(str(os.getpid())); time.sleep(600)")
        let run = Task { [plan] in try await runner.run(plan) }
        var process: Int32?
        while process == nil {
            try await Task.sleep(for: .milliseconds(20))
            process = (try? String(contentsOf: mark, encoding: .utf8)).flatMap { Int32($0) }
        }
        run.cancel()
        await #expect(throws: CancellationError.self) { try await run.value }
        while let process, kill(process, 0) == 0 { try await Task.sleep(for: .milliseconds(20)) }
    }
}
