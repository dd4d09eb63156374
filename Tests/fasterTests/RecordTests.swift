import Foundation
import LeRobot
import PythonPeer
import RobotTypes
import TemporaryFolder
import Testing

@Suite("faster data record", .timeLimit(.minutes(5)))
struct RecordTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func recorder(_ options: [String] = []) throws -> Running {
        try Running(
            ["data", "record", "--out", "demos", "--fps", "10", "--port", "0"] + options,
            in: folder
        )
    }

    private func port(of recorder: Running) async throws -> String {
        String(try await recorder.said(/ws:\/\/127\.0\.0\.1:(\d+)/).1)
    }

    /// Numbers that pyarrow finds in the dataset, and those that `stream.py` sent.
    private func check(episodes: Int) async throws {
        let script = "check_stream.py"
        _ = try await PythonPeer.run(script, [folder.appending(path: "demos").path, "\(episodes)"])
        let dataset = try LeRobotDataset(opening: folder.appending(path: "demos"))
        #expect(dataset.warnings.isEmpty)
        #expect(dataset.episodes.map(\.length) == Array([7, 12, 9, 5].prefix(episodes)))
        #expect(dataset.episodes.map(\.tasks) == (0 ..< episodes).map { [$0 % 2 == 0 ? "push" : "pull"] })
        var row = 0
        for episode in dataset.episodes {
            for step in 0 ..< episode.length {
                let front = try dataset.frame(at: row, camera: "observation.images.front")
                let wrist = try dataset.frame(at: row, camera: "observation.images.wrist")
                #expect((front.width, front.height, wrist.width, wrist.height) == (64, 48, 40, 32))
                for image in [front, wrist] {
                    let expected = [30 + 20 * episode.index + 5 * step + 20, 40 + 10, 200 - 10 * step]
                    let pixel = (20 * image.width + 10) * 3
                    let found = image.pixels[pixel ..< pixel + 3].map(Int.init)
                    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 4 }, "\(found), \(expected)")
                }
                row += 1
            }
        }
    }

    @Test("keeps whole episodes when it is killed, and goes on")
    func killed() async throws {
        let first = try recorder()
        let port = try await port(of: first)
        async let robot = PythonPeer.run("stream.py", [port, "two"])
        let list = folder.appending(path: "demos/meta/episodes/chunk-000/file-001.parquet")
        while !FileManager.default.fileExists(atPath: list.path) {
            try await Task.sleep(for: .milliseconds(5))
        }
        let third = folder.appending(path: "demos/.recording/episode-3")
        while !FileManager.default.fileExists(atPath: third.path) {
            try await Task.sleep(for: .milliseconds(5))
        }
        // The robot's own check wants five frames of the third episode.
        try await Task.sleep(for: .milliseconds(500))
        first.kill()
        #expect(try await first.outcome().wasKilled)
        _ = try await robot
        try await check(episodes: 2)
        let info = try await Program.object(["data", "info", "demos", "--json"], in: folder)
        #expect(info["episodes"] as? Int == 2 && info["frames"] as? Int == 19)

        let second = try recorder(["--json"])
        _ = try await PythonPeer.run("stream.py", [try await self.port(of: second), "third"])
        second.interrupt()
        let outcome = try await second.outcome()
        #expect(outcome.status == 0, "\(outcome.errors)")
        let json = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        #expect(json?["episodes"] as? Int == 4 && json?["new_episodes"] as? Int == 2)
        #expect(json?["frames"] as? Int == 33 && json?["refused_messages"] as? Int == 15)
        // Discarded by the robot, or cut off by the end of the connection: of `robot`, `idle` and `other`.
        #expect(json?["dropped_episodes"] as? Int == 3, "\(outcome.errors)")
        #expect(outcome.errors.contains("ended within an episode: its 1 frames are dropped"))
        let refusals = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("demos: refused: ") }
        #expect(refusals.count == 14, "\(refusals)")
        try await check(episodes: 4)
        let clean = try await Program.output(["data", "check", "demos"], in: folder)
        #expect(clean == "demos: 0 errors, 0 warnings\n")
        #expect(!folder.paths.contains { $0.contains(".recording") })
    }

    @Test("refuses folders and numbers that it cannot use, before it listens")
    func refusals() async throws {
        _ = try folder.write("text", to: "full/notes.txt")
        for (options, message) in [
            (["--out", "full", "--fps", "10"], "it holds other files; choose another folder or empty it"),
            (
                ["--out", Program.demonstrations, "--fps", "80"],
                "it holds a dataset whose episodes share files; record into another folder"
            ),
            (["--out", "new", "--fps", "0"], "--fps: expected a positive number, found 0.0"),
            (
                ["--out", "new", "--fps", "10", "--port", "70000"],
                "--port: expected 0 ... 65535, found 70000"
            ),
        ] {
            let said = try await Program.refusal(["data", "record"] + options, in: folder)
            #expect(said.contains(message), "\(said)")
        }
    }

    @Test("leaves nothing behind where nothing was recorded, and is alone in its folder")
    func empty() async throws {
        let first = try recorder()
        _ = try await port(of: first)
        let second = try await Program.run(
            ["data", "record", "--out", "demos", "--fps", "10", "--port", "0"],
            in: folder
        )
        #expect(second.status != 0 && second.errors.contains("another program is recording into it"))
        first.interrupt()
        let outcome = try await first.outcome()
        #expect(outcome.status == 0)
        #expect(outcome.output == "demos: 0 episodes, 0 frames; 0 episodes new, 0 dropped\n")
        #expect(folder.paths.isEmpty)
    }
}
