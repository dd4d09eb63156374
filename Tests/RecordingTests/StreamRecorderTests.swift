import Foundation
import LeRobot
import PolicyProtocol
import PolicyServer
import Recording
import TemporaryFolder
import Testing

@Suite("Frames that robots stream")
struct StreamRecorderTests {
    private let parent: TemporaryFolder
    private let remarks = Remarks()

    private var folder: URL { parent.appending(path: "data") }

    init() throws { parent = try TemporaryFolder() }

    private func recorder(task: String? = nil) async throws -> StreamRecorder {
        await StreamRecorder(
            dataset: try GrowingDataset(opening: folder, fps: 10),
            task: task,
            version: "1",
            report: { [remarks] in remarks.add($0) }
        )
    }

    private func frame(_ changes: WireMap = [:], time: Double? = nil) -> WireValue {
        var map: WireMap = ["action": .array(NDArray(shape: [2], values: [1, 2])), "prompt": "push"]
        for (key, value) in changes.entries { map[key] = value == .null ? nil : value }
        if let time { map["observation_time"] = .double(time) }
        return .map(map)
    }

    private func send(_ message: WireValue, to recorder: StreamRecorder, from client: Int = 1) async throws
        -> WireMap
    {
        let reply = try await recorder.reply(to: message, connection: ConnectionID(number: client))
        return try #require(reply.map)
    }

    @Test("may be corrected as long as none is kept")
    func correction() async throws {
        let recorder = try await recorder()
        let wrong = frame(["grip": .double(1.5)])
        _ = try await send(wrong, to: recorder)
        #expect(recorder.metadata.map?["observation"]?.map?.keys == ["action", "grip"])
        await #expect(throws: RecordingRefusal.self) { try await send(frame(), to: recorder, from: 2) }
        await recorder.closed(connection: ConnectionID(number: 1))
        #expect(recorder.metadata.map?["observation"] == .null)
        let reply = try await send(frame(["episode_end": .boolean(true)]), to: recorder, from: 2)
        #expect(
            reply["saved"] == .boolean(true) && reply["saved_episode"] == .integer(0)
                && reply["episodes"] == .integer(1)
        )
        await #expect(throws: RecordingRefusal.self) { try await send(wrong, to: recorder) }
        let status = await recorder.finish()
        #expect(status.episodes == 1 && status.frames == 1 && status.droppedEpisodes == 1)
        #expect(status.refusals == 2)
        #expect(remarks.list.contains { $0.hasPrefix("connection 1 ended within an episode: its 1 frames") })
        #expect(try LeRobotDataset(opening: folder).info.features["grip"] == nil)
    }

    @Test("have a task each, the recorder's where they have none")
    func tasks() async throws {
        let recorder = try await recorder(task: "lift")
        for message in [
            frame(["prompt": .null, "comment": "first"]), frame(["prompt": "turn"]), frame(["prompt": .null]),
            frame(["prompt": .null, "task": "drop", "episode_end": .boolean(true)]),
        ] { _ = try await send(message, to: recorder) }
        _ = await recorder.finish()
        let dataset = try LeRobotDataset(opening: folder)
        #expect(dataset.episodes.map(\.tasks) == [["lift", "turn", "drop"]])
        #expect(remarks.list.contains("not recorded, as they are neither numbers nor images: comment"))
    }

    @Test("are refused without a task, and with names that do not fit their columns")
    func refusals() async throws {
        let recorder = try await recorder()
        for (message, reason) in [
            (
                frame(["prompt": .null]),
                "prompt: is missing; expected the task as text, or 'faster data record"
            ),
            (frame(["action_names": .list(["x"])]), "names of action: expected 2, found 1"),
            (
                frame(["action_names": .list(["x", "x"])]),
                "action_names: expected a list of different names, found a list of 2"
            ),
            (
                frame(["action": .null, "state": .list([.integer(1), .integer(2)])]),
                "action: is missing; expected float32; keys "
            ),
            (
                frame(["pose": .array(NDArray(shape: [2, 2], values: [1, 0, 0, 1]))]),
                "pose: expected a vector, or an image, found an array of float32 [2, 2]; send it as a vector"
            ),
            (
                frame([
                    "images": [
                        "front": .array(NDArray(shape: [8, 8], bytes: Array(repeating: 0, count: 64)))
                    ]
                ]),
                "this is grey; repeat it for the three colours"
            ),
            (frame(["a/../..": .integer(1)]), nil),
            (frame(["../..": .integer(1)]), "'../..' cannot be the name of a feature"),
        ] as [(WireValue, String?)] {
            do {
                _ = try await send(message, to: recorder, from: 7)
                #expect(reason == nil)
                await recorder.closed(connection: ConnectionID(number: 7))
            } catch let error as RecordingRefusal {
                #expect(error.description.contains(reason ?? "nothing"), "\(error)")
            }
        }
        _ = await recorder.finish()
        #expect(parent.paths.isEmpty)
    }

    @Test("of distances and of matrices are refused by their key, with what is expected")
    func matrices() async throws {
        let recorder = try await recorder()
        let words = [UInt8](repeating: 1, count: 4 * 6 * 2)
        let depth = NDArray(shape: [4, 6], values: Array(repeating: 0.5, count: 24))
        // One pixel of 16 bits.
        let png = Data(
            base64Encoded:
                "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABEAAAAABq7kcWAAAAC0lEQVR4nGNgfgEAAPEA7CzrNy4AAAAASUVORK5CYII="
        )
        let whole = try NDArray(dtype: "<u2", shape: [4, 6], data: words)
        let hint =
            "depth images are not recorded, leave '%@' out; send other matrices as vectors: array.reshape(-1)"
        for (key, value, found, hint) in [
            ("depth", .array(whole), "uint16 [4, 6]", hint),
            ("observation/images/wrist", .array(whole), "uint16 [4, 6]", hint),
            (
                "camera", .array(try NDArray(dtype: "<u2", shape: [4, 6, 1], data: words)),
                "uint16 [4, 6, 1]", hint
            ),
            ("observation/depth_front", .array(depth), "float32 [4, 6]", hint),
            ("images/depth", .array(depth), "float32 [4, 6]", hint),
            ("pose", .array(depth), "float32 [4, 6]", "send it as a vector: array.reshape(-1)"),
        ] as [(String, WireValue, String, String)] {
            let error = await #expect(throws: RecordingRefusal.self) {
                try await send(frame([key: value]), to: recorder)
            }
            let expected = "\(key): expected a vector, or an image, found an array of \(found); "
            #expect(error?.description == expected + hint.replacing("%@", with: key))
        }
        let error = await #expect(throws: RecordingRefusal.self) {
            try await send(frame(["images/depth": .binary(Array(try #require(png)))]), to: recorder)
        }
        #expect(
            error?.description
                == "images/depth: cannot be read: expected colours, found distances (one channel of 16 bits)"
        )
        _ = await recorder.finish()
        #expect(parent.paths.isEmpty)
    }

    @Test("are compared with the rate by the robot's clock")
    func rate() async throws {
        let recorder = try await recorder()
        for (episode, rate) in [10.0, 8.0, 5.0].enumerated() {
            var reply = WireMap()
            for step in 0 ..< 20 {
                reply = try await send(
                    frame(["episode_end": .boolean(step == 19)], time: 1e9 + Double(step) / rate),
                    to: recorder
                )
            }
            let measured = try #require(reply["measured_fps"]?.number)
            #expect(abs(measured - rate) < 1e-6 && reply["episode_index"]?.number == Double(episode))
        }
        _ = await recorder.finish()
        let found = remarks.list.filter { $0.contains("times a second") }
        #expect(
            found.count == 1 && found[0].hasPrefix("frames of episode 1 came 8.0 times a second, not 10.0")
        )
    }
}

extension StreamRecorderTests {
    @Test("by a clock that stands still are saved without a rate")
    func stoppedClock() async throws {
        let recorder = try await recorder()
        var reply = WireMap()
        for step in 0 ..< 20 {
            let time = step == 19 ? Double.leastNonzeroMagnitude : 0
            reply = try await send(frame(["episode_end": .boolean(step == 19)], time: time), to: recorder)
        }
        #expect(reply["saved"] == .boolean(true) && reply["measured_fps"] == nil)
        _ = await recorder.finish()
    }

    @Test("under endless keys are reported in short")
    func longKeys() async throws {
        let recorder = try await recorder()
        let key = String(repeating: "k", count: 100_000)
        _ = try await send(frame([key: "a text"]), to: recorder)
        await #expect(throws: RecordingRefusal.self) {
            try await send(frame([key: .integer(1)]), to: recorder)
        }
        _ = await recorder.finish()
        #expect(remarks.list.count >= 2 && remarks.list.allSatisfy { $0.count <= 1000 })
    }
}

/// What a recorder reports.
private final class Remarks: @unchecked Sendable {
    private let lock = NSLock()
    private var texts: [String] = []

    var list: [String] { lock.withLock { texts } }

    func add(_ text: String) { lock.withLock { texts.append(text) } }
}
