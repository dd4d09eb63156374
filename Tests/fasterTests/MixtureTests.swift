import Foundation
import LeRobot
import Numpy
import PythonPeer
import RobotTypes
import TemporaryFolder
import Testing

@Suite("Datasets of several robots as a recipe names them", .timeLimit(.minutes(10)))
struct MixtureTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try record("arm", fps: 20, cameras: ["images.top", "images.side"], columns: 3)
        try record("hand", fps: 50, cameras: ["images.front"], columns: 5)
        try folder.write(Self.datasets, to: "robots.yaml")
        try folder.write("cameras: {observation.images.front: observation.images.top}", to: "hand.yaml")
    }

    private static let datasets = """
        datasets:
          - {path: arm, weight: 3, episodes: 0:1, heldOut: 1:2}
          - path: hand
            embodiment: five-fingers
            mapping:
              action:
                squeeze: {columns: 4, type: gripper, mode: delta}
                fingers: {columns: 0:4, type: joints}
              cameras: {observation.images.front: observation.images.top}
        chunk:
          seconds: 0.4
        """

    private func record(
        _ name: String,
        robot: String? = nil,
        fps: Double,
        cameras: [String],
        columns: Int
    ) throws {
        let names = cameras.map { "observation.\($0)" }
        let description = DatasetDescription(
            fps: fps,
            robotType: robot ?? name,
            actionNames: (0 ..< columns).map { "joint_\($0)" },
            stateNames: ["x", "y"].prefix(columns - 2).map { $0 },
            cameras: names.map { .init(name: $0, height: 32, width: 32) }
        )
        let writer = try DatasetWriter(creating: folder.appending(path: name), description)
        let image = Image(width: 32, height: 32, pixels: Array(repeating: 90, count: 32 * 32 * 3))
        for episode in 0 ..< 2 {
            let steps = (0 ..< 24).map { Float($0 + 24 * episode) }
            try writer.addEpisode(
                frames: Dictionary(uniqueKeysWithValues: names.map { ($0, steps.map { _ in image }) }),
                states: steps.map { step in (0 ..< min(2, columns - 2)).map { sin(step / 9 + Float($0)) } },
                actions: steps.map { step in (0 ..< columns).map { cos(step / 3 + Float($0)) } },
                task: "wave"
            )
        }
        try writer.finish()
    }

    private let settings = [
        "optimization.batchSize=8", "optimization.computeDType=float32", "optimization.checkpointEvery=5",
        "backbone.width=32", "backbone.layerCount=2", "backbone.headCount=2", "backbone.pixelsPerToken=32",
        "expert.width=32",
    ].flatMap { ["--set", $0] }

    private func train(_ head: String, steps: Int, to out: String, _ more: [String] = []) -> [String] {
        [
            "policy", "train", "--recipe", "robots.yaml", "--head", head, "--horizon", "8", "--steps",
            "\(steps)", "--threads", "1", "--out", out,
        ] + settings + more
    }

    @Test("train a policy, which says what it takes, and serves each robot at its own rate")
    func policy() async throws {
        let trained = try await Program.run(train("regression", steps: 4, to: "policy"), in: folder)
        #expect(trained.status == 0, "\(trained.errors)")
        #expect(trained.errors.contains("arm: a chunk is 8 steps at 20 Hz, 0.4 s"))
        #expect(
            trained.errors.contains(
                "five-fingers: a chunk is 0.4 s, 20 steps at 50 Hz resampled to 8: changes added up in columns 0, others interpolated"
            )
        )
        #expect(
            trained.errors.contains(
                "five-fingers: has no camera observation.images.side: its image is black and masked"
            )
        )
        let info = try await Program.output(["policy", "info", "--policy", "policy"], in: folder)
        #expect(
            info.contains(
                "embodiment arm\n  cameras observation.images.side 32 x 32, observation.images.top 32 x 32\n"
            )
        )
        #expect(info.contains("embodiment five-fingers\n  cameras observation.images.top 32 x 32\n"))
        #expect(
            info.contains(
                "  chunks of 20 steps at 50 Hz, 0.4 s\n  learned as 50.0 Hz of the robot as 20.0 Hz"
            )
        )
        let document = try await Program.object(
            ["policy", "info", "--policy", "policy", "--json"],
            in: folder
        )
        #expect((document["robots"] as? [[String: Any]])?.count == 2)
        let nobody = try await Program.refusal(["serve", "--policy", "policy"], in: folder)
        #expect(nobody.contains("'embodiment' should be one of arm, five-fingers, found none"))
        for arguments in [
            ["arm", "top,side", "1", "8", "3"], ["five-fingers", "top", "2", "20", "5"],
        ] {
            let path = folder.appending(path: "policy").path
            _ = try await PythonPeer.run("embodiment.py", [Program.url.path, path] + arguments)
        }
    }

    @Test("train a tokenizer's model, and a policy of its codes, which resumes to the same bytes")
    func codes() async throws {
        let model = try await Program.run(
            [
                "tokenizer", "train", "--recipe", "robots.yaml", "--horizon", "8", "--steps", "20",
                "--threads",
                "1", "--out", "model",
            ] + Workshop.tokenizerSettings,
            in: folder
        )
        #expect(model.status == 0, "\(model.errors)")
        #expect(!model.errors.contains("the datasets differ in rate"))
        let more = ["--tokenizer", "model"]
        try await Running(train("blocks", steps: 60, to: "killed", more), in: folder)
            .kill(onceThereIs: folder.appending(path: "killed/checkpoint.safetensors"))
        let again = try await Program.run(
            train("blocks", steps: 60, to: "killed", more) + ["--resume"],
            in: folder
        )
        #expect(again.status == 0, "\(again.errors)")
        _ = try await Program.output(train("blocks", steps: 60, to: "whole", more), in: folder)
        for file in ["model.safetensors", "norm_stats.json", "config.json"] {
            #expect(try folder["killed/\(file)"] == folder["whole/\(file)"], "\(file)")
        }
        // The same by options, in steps: another chunk of the hand.
        let options = [
            "policy", "train", "--data", "arm", "--data", "hand", "--weights", "3,1", "--head", "flow",
            "--steps", "1",
            "--horizon", "8", "--threads", "1", "--out", "short",
        ]
        let short = try await Program.run(
            options + settings + ["--mapping", "hand.yaml", "--mapping", "hand.yaml"],
            in: folder
        )
        #expect(short.status != 0 && short.errors.contains("cameras.observation.images.front"))
    }

    @Test("give a tokenizer chunks of a duration, which it is measured and used with")
    func duration() async throws {
        _ = try await Program.output(
            [
                "tokenizer", "train", "--data", "hand", "--set", "chunk.seconds=0.4", "--horizon", "8",
                "--steps",
                "4", "--threads", "1", "--out", "tokenizer",
            ] + Workshop.tokenizerSettings,
            in: folder
        )
        let evaluate = ["tokenizer", "evaluate", "--tokenizer", "tokenizer", "--data", "hand", "--json"]
        #expect(try await Program.object(evaluate, in: folder)["horizon"] as? Int == 8)
        try NumpyFile.write(
            [Float](repeating: 0.5, count: 2 * 20 * 5),
            shape: [2, 20, 5],
            to: folder.appending(path: "actions.npy")
        )
        for (command, input, output) in [("encode", "actions", "codes"), ("decode", "codes", "back")] {
            _ = try await Program.output(
                [
                    "tokenizer", command, "--tokenizer", "tokenizer", "--in", "\(input).npy", "--out",
                    "\(output).npy",
                ],
                in: folder
            )
        }
        #expect(try NumpyFile(reading: folder.appending(path: "back.npy")).shape == [2, 20, 5])
    }

    @Test("are read as one where they are of one robot, which the program says")
    func oneRobot() async throws {
        for day in ["monday", "tuesday"] {
            try record(day, robot: "claw", fps: 20, cameras: ["images.top"], columns: 3)
        }
        let days = ["--data", "monday", "--data", "tuesday"]
        let options = ["--horizon", "8", "--steps", "2", "--threads", "1"]
        let tokenizer = try await Program.run(
            ["tokenizer", "train", "--out", "tokenizer"] + days + options + Workshop.tokenizerSettings,
            in: folder
        )
        let line =
            "monday, tuesday: datasets of one robot, 'monday', with statistics over all of them, as they agree"
        #expect(tokenizer.status == 0 && tokenizer.errors.contains(line), "\(tokenizer.errors)")
        let policy = try await Program.run(
            ["policy", "train", "--tokenizer", "tokenizer", "--out", "claw"] + days + options + settings,
            in: folder
        )
        #expect(policy.status == 0 && policy.errors.contains(line), "\(policy.errors)")
        let info = try await Program.output(["policy", "info", "--policy", "claw"], in: folder)
        #expect(!info.contains("embodiment"))
        let others = try await Program.run(
            ["policy", "train", "--head", "flow", "--data", "arm", "--out", "three"] + days + options
                + settings,
            in: folder
        )
        #expect(
            others.errors.contains(
                "monday: another robot, 'monday', than that of arm: they differ in robot type: claw and arm"
            )
        )
        let three = try await Program.output(["policy", "info", "--policy", "three"], in: folder)
        #expect(three.components(separatedBy: "embodiment ").count == 3)
    }

    @Test("are refused beside those of options")
    func refusals() async throws {
        let both = try await Program.refusal(
            train("flow", steps: 1, to: "out", ["--data", "arm"]),
            in: folder
        )
        #expect(both.hasPrefix("--data: the recipe has datasets of its own"))
        let none = try await Program.refusal(
            ["policy", "train", "--head", "flow", "--out", "out"],
            in: folder
        )
        #expect(none.contains("--data: expected a dataset's folder, or a recipe with the key 'datasets'"))
    }
}
