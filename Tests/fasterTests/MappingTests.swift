import Foundation
import LeRobot
import Numpy
import PythonPeer
import RobotTypes
import TemporaryFolder
import Testing

@Suite("Datasets with a mapping or without some episodes", .timeLimit(.minutes(10)))
struct MappingTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let description = DatasetDescription(
            fps: 20,
            robotType: "arm",
            actionNames: ["shoulder", "elbow", "still", "gripper"],
            stateNames: ["elbow", "shoulder"],
            cameras: [.init(name: "observation.images.front", height: 32, width: 32)]
        )
        let writer = try DatasetWriter(creating: folder.appending(path: "data"), description)
        let image = Image(width: 32, height: 32, pixels: Array(repeating: 90, count: 32 * 32 * 3))
        for episode in 0 ..< 4 {
            let steps = (0 ..< 20).map { Float($0 + 20 * episode) }
            try writer.addEpisode(
                frames: ["observation.images.front": steps.map { _ in image }],
                states: steps.map { [$0 / 10, sin($0 / 9)] },
                actions: steps.map { [sin($0 / 9) + 0.1, $0 / 10 + 0.2, 0.7 + $0 * 1e-8, sin($0)] },
                task: "wave"
            )
        }
        try writer.finish()
        try folder.write(
            """
            action:
              arm: {columns: [shoulder, elbow], type: joints, units: rad, relative: true, wraps: -100:100}
              hand: {source: action, columns: 2:4, type: gripper}
            state:
              arm: {columns: [shoulder, elbow]}
            cameras:
              observation.images.front: top
            """,
            to: "robot.yaml"
        )
    }

    private let given = ["--data", "data", "--mapping", "robot.yaml"]

    @Test("are read by every command, which say the same mapping in every run")
    func mapped() async throws {
        let fit = ["tokenizer", "fit", "--kind", "binning", "--episodes", "0:3"] + given
        let first = try await Program.run(fit + ["--out", "first"], in: folder)
        #expect(first.status == 0, "\(first.errors)")
        #expect(first.errors.contains("action groups arm=0:2,hand=2:4"))
        #expect(
            first.errors.contains(
                "  action arm = action[shoulder, elbow]: joints, rad, absolute, relative to arm at a chunk's start"
            )
        )
        #expect(first.errors.contains("gripper, absolute, held behind an episode's end\n"))
        #expect(first.errors.contains("  state arm = observation.state[shoulder, elbow]\n"))
        #expect(first.errors.contains("  camera top = observation.images.front\n"))
        #expect(try await Program.run(fit + ["--out", "second"], in: folder).errors == first.errors)
        let evaluate = ["tokenizer", "evaluate", "--tokenizer", "first", "--episodes", "3:4"]
        let metrics = try await Program.object(evaluate + given + ["--json"], in: folder)
        // Relative to the state, the last episode is like the others; the constant is exact.
        #expect(try #require(metrics["l1"] as? Double) < 0.01)
        let unmapped = try await Program.refusal(evaluate + ["--data", "data"], in: folder)
        #expect(unmapped.contains("pass the --mapping or --relative that the tokenizer was made with"))
        try await arrays()
        _ = try await Program.output(
            ["tokenizer", "compare", "--tokenizers", "first,fast", "--episodes", "3:4", "--out", "compared"]
                + given,
            in: folder
        )
        try folder.write("action: {arm: {source: action.arm}}", to: "wrong.yaml")
        let wrong = try await Program.refusal(
            ["tokenizer", "train", "--data", "data", "--mapping", "wrong.yaml", "--out", "out"],
            in: folder
        )
        #expect(wrong.contains("wrong.yaml: action.arm.source: expected a numeric feature of the dataset"))
    }

    /// Encodes and decodes with the states that actions are relative to.
    private func arrays() async throws {
        let target: [Float] = [1.1, 2.2, 0.7, 0]
        try NumpyFile.write(
            (0 ..< 16).flatMap { _ in target },
            shape: [1, 16, 4],
            to: folder.appending(path: "actions.npy")
        )
        try NumpyFile.write([Float(1), 2], shape: [1, 2], to: folder.appending(path: "states.npy"))
        let encode = [
            "tokenizer", "encode", "--tokenizer", "first", "--in", "actions.npy", "--out", "codes.npy",
        ]
        let refusal = try await Program.refusal(encode, in: folder)
        #expect(
            refusal.contains(
                "expected --states FILE.npy, as the tokenizer is for columns 0:2 relative to state 0:2"
            )
        )
        _ = try await Program.output(encode + ["--states", "states.npy"], in: folder)
        _ = try await Program.output(
            [
                "tokenizer", "decode", "--tokenizer", "first", "--in", "codes.npy", "--out", "back.npy",
                "--states",
                "states.npy",
            ],
            in: folder
        )
        let file = folder.appending(path: "back.npy")
        let back = try NumpyFile(reading: file).floats(file)
        for (index, value) in back.enumerated() { #expect(abs(value - target[index % 4]) < 0.02) }
    }

    @Test("leave out episodes with NaN where that is asked for, and name the cell elsewhere")
    func skipped() async throws {
        _ = try await PythonPeer.run(
            "../../Peers/edit_parquet.py",
            [
                folder.appending(path: "data/data/chunk-000/file-000.parquet").path,
                #"{"action": {"45": [0, NaN, 0, 0]}, "observation.state": {"3": [NaN, 0]}}"#,
            ]
        )
        let fit = ["tokenizer", "fit", "--kind", "binning", "--data", "data", "--out", "fitted"]
        let refusal = try await Program.refusal(fit, in: folder)
        #expect(
            refusal.contains(
                "file-000.parquet: field 'action': expected a finite number, found NaN in column 1"
            )
        )
        #expect(refusal.contains("row 45 of the file, frame 5 of episode 2"))
        let outcome = try await Program.run(fit + ["--skip-nan-episodes"], in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("data: --skip-nan-episodes leaves out 1 of 4 episodes: 2"))
        // The actions of this mapping need the state, too.
        let relative = try await Program.run(
            ["tokenizer", "fit", "--kind", "fast", "--out", "relative", "--skip-nan-episodes"] + given,
            in: folder
        )
        #expect(relative.errors.contains("data: --skip-nan-episodes leaves out 2 of 4 episodes: 0, 2"))
        _ = try await Program.object(
            [
                "tokenizer", "evaluate", "--tokenizer", "fast", "--data", "data", "--skip-nan-episodes",
                "--json",
            ],
            in: folder
        )
    }

    @Test("train a policy whose actions are added to the state that it is served with")
    func policy() async throws {
        let train = ["policy", "train", "--head", "regression", "--steps", "0", "--out", "policy"]
        let settings = [
            "backbone.width=32", "backbone.layerCount=2", "backbone.pixelsPerToken=32", "expert.width=32",
        ]
        _ = try await Program.output(
            train + given + ["--horizon", "4"] + settings.flatMap { ["--set", $0] },
            in: folder
        )
        let text = try String(contentsOf: folder.appending(path: "policy/config.json"), encoding: .utf8)
        #expect(text.contains("\"top\""))
        let statistics = try String(
            contentsOf: folder.appending(path: "policy/norm_stats.json"),
            encoding: .utf8
        )
        #expect(statistics.contains("\"stateStart\""))
    }
}
