import Foundation
import LeRobot
import Logging
import PolicyProtocol
import PolicyServer
import PythonPeer
import Recording
import RobotTypes
import TemporaryFolder
import Testing

@Suite("Demonstrations that clients send")
struct DemonstrationRecorderTests {
    private let parent: TemporaryFolder

    private var folder: URL { parent.appending(path: "data") }

    init() throws { parent = try TemporaryFolder() }

    private func recorder(mostAhead: Int = 32) throws -> DemonstrationRecorder {
        let description = DatasetDescription(
            fps: 10,
            robotType: "toy",
            actionNames: ["x", "y", "z"],
            stateNames: ["x", "y"],
            cameras: [.init(name: "observation.images.front", height: 16, width: 24)]
        )
        return DemonstrationRecorder(
            writer: try DatasetWriter(creating: folder, description),
            description: description,
            tasks: ["push", "pull"],
            episodesPerTask: 3,
            mostAhead: mostAhead
        )
    }

    private func episode(_ index: Int) -> WireValue {
        [
            "record": "episode", "task": "push", "prompt": "push it", "index": .integer(Int64(index)),
            "images": [
                "front": .array(
                    NDArray(shape: [1, 16, 24, 3], bytes: Array(repeating: 9, count: 16 * 24 * 3))
                )
            ],
            "observation/state": .array(NDArray(shape: [1, 2], values: [0, 0])),
            "action": .array(NDArray(shape: [1, 3], values: [0, 0, 0])),
        ]
    }

    @Test("a client that is far ahead gets its reply when the others have caught up")
    func ahead() async throws {
        let recorder = try recorder(mostAhead: 1)
        let replies = Replies()
        func send(_ index: Int, from client: Int) -> Task<Void, any Error> {
            Task { [message = episode(index)] in
                _ = try await recorder.reply(to: message, connection: ConnectionID(number: client))
                await replies.add("\(index) from \(client)")
            }
        }
        let early = send(2, from: 1)
        while await !recorder.isHolding(2), await replies.list.isEmpty { await Task.yield() }
        #expect(await replies.list.isEmpty)
        // The same client, restarted: its former connection gets a reply, and nothing is recorded.
        let again = send(2, from: 3)
        try await early.value
        #expect(await replies.list == ["2 from 1"])
        for index in 0 ..< 2 { try await send(index, from: 2).value }
        try await again.value
        await recorder.discard()
    }

    /// Lets `simulator.py` send to `recorder`.
    private func send(_ scenario: String, to recorder: DemonstrationRecorder) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = PolicyServer(handler: recorder, host: "127.0.0.1", port: 0, logger: logger)
        let port = try await server.start()
        do { _ = try await PythonPeer.run("simulator.py", ["\(port)", scenario]) } catch {
            Issue.record(error, "\(scenario)")
        }
        await server.shutdown()
    }

    /// Numbers that pyarrow finds in the dataset.
    private func numbers() async throws -> [String: [Any]] {
        let script = "../../Peers/lerobot_numbers.py"
        let json = try JSONSerialization.jsonObject(with: await PythonPeer.run(script, [folder.path]))
        let object = try #require(json as? [String: Any])
        return try #require(object["columns"] as? [String: [Any]])
    }

    private func floats(_ column: [Any]?) -> [[Float]]? {
        (column as? [[Double]])?.map { $0.map { Float($0) } }
    }

    @Test(
        "become the same dataset, whatever their order, and whatever else was sent",
        arguments: ["out_of_order", "malformed"]
    )
    func dataset(scenario: String) async throws {
        let recorder = try recorder()
        try await send(scenario, to: recorder)
        let dataset = try await recorder.finish()
        #expect(dataset.episodes.map(\.length) == [3, 4, 5, 3, 4, 5])
        #expect(dataset.tasks == ["push it", "pull it"])
        #expect(dataset.episodes.map(\.tasks) == [0, 0, 0, 1, 1, 1].map { [dataset.tasks[$0]] })
        let expected = [0, 1].flatMap { task in
            (0 ..< 3).flatMap { index in (0 ..< 3 + index).map { (task: task, index: index, step: $0) } }
        }
        let columns = try await numbers()
        #expect(
            floats(columns["action"])
                == expected.map { [Float($0.step) / 10, Float($0.task), -Float($0.index)] }
        )
        #expect(
            floats(columns["observation.state"]) == expected.map { [Float($0.step), Float($0.index)] }
        )
        #expect(columns["task_index"] as? [Int] == expected.map(\.task))
        for (row, frame) in expected.enumerated() {
            let image = try dataset.frame(at: row, camera: "observation.images.front")
            let brightness = 40 + 40 * frame.index + 20 * frame.task + 5 * frame.step
            #expect(image.pixels.allSatisfy { abs(Int($0) - brightness) <= 3 }, "frame \(row)")
        }
    }

    @Test("may be as large as the metadata says: five hundred steps of two 224 x 224 images, and more")
    func limits() async throws {
        let limit = try recorder().metadata.map?["max_message_bytes"]?.number
        #expect(limit == Double(DemonstrationRecorder.limits.bytes))
        #expect(DemonstrationRecorder.limits.bytes > 500 * 2 * 224 * 224 * 3)
    }

    @Test("are not finished before all are there, and leave no trace then")
    func incomplete() async throws {
        do {
            let recorder = try recorder()
            try await send("incomplete", to: recorder)
            let error = await #expect(throws: RecordingError.self) { try await recorder.finish() }
            #expect(error?.description == "expected 6 episodes, received 2")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent.url.path).isEmpty)
    }
}

/// Replies in the order in which clients get them.
private actor Replies {
    private(set) var list: [String] = []

    func add(_ reply: String) { list.append(reply) }
}
