import Foundation
import LeRobot
import RobotTypes
import TemporaryFolder
import Testing

@Suite("A dataset that grows")
struct GrowingDatasetTests {
    private let parent: TemporaryFolder

    private var folder: URL { parent.appending(path: "data") }
    private let camera = "observation.images.front"

    init() throws { parent = try TemporaryFolder() }

    private func features(of dataset: GrowingDataset) -> [String: Feature] {
        [
            "action": Feature(dtype: "float32", shape: [2], names: ["x", "y"]),
            "tick": Feature(dtype: "int64", shape: [1]),
            "done": Feature(dtype: "bool", shape: [2]),
            "reward": Feature(dtype: "float64", shape: [1]),
            camera: dataset.cameraFeature(height: 16, width: 24),
        ]
    }

    private func frame(_ episode: Int, _ step: Int) -> RecordedFrame {
        let level = UInt8(40 * episode + 5 * step)
        return RecordedFrame(
            numbers: [
                "action": .floats([Float(episode) / 3, Float(step)]), "tick": .integers([1 << 60 + step]),
                "done": .booleans([step == 2, true]), "reward": .doubles([Double(step) / 3]),
            ],
            images: [
                camera: Image(width: 24, height: 16, pixels: Array(repeating: level, count: 24 * 16 * 3))
            ],
            task: step == 0 ? "reach" : "task \(episode)"
        )
    }

    private func record(_ episode: Int, into dataset: GrowingDataset) async throws {
        let recording = try await dataset.begin(features(of: dataset))
        for step in 0 ..< 3 + episode { try await recording.append(frame(episode, step)) }
        #expect(try await dataset.save(recording) == episode)
    }

    @Test("has the numbers, images, tasks and statistics of its frames")
    func content() async throws {
        let growing = try GrowingDataset(opening: folder, fps: 10, robotType: "toy")
        for episode in 0 ..< 3 { try await record(episode, into: growing) }
        await growing.close()
        #expect(!parent.paths.contains { $0.contains(".recording") })
        let dataset = try LeRobotDataset(opening: folder)
        #expect(dataset.warnings.isEmpty)
        #expect(DatasetCheck.findings(of: folder).isEmpty)
        #expect(dataset.episodes.map(\.length) == [3, 4, 5])
        #expect(dataset.tasks == ["reach", "task 0", "task 1", "task 2"])
        #expect(dataset.info.robotType == "toy" && dataset.info.features["action"]?.names == ["x", "y"])
        let table = try dataset.loadTable()
        let rows = (0 ..< 3).flatMap { episode in (0 ..< 3 + episode).map { (episode, $0) } }
        #expect(table.columns["action"]?.values == rows.flatMap { [Float($0.0) / 3, Float($0.1)] })
        #expect(table.columns["reward"]?.values == rows.map { Float(Double($0.1) / 3) })
        #expect(table.columns["done"]?.values == rows.flatMap { [$0.1 == 2 ? 1 : 0, 1] })
        for (row, (episode, step)) in rows.enumerated() {
            let image = try dataset.frame(at: row, camera: camera)
            #expect(image.pixels.allSatisfy { abs(Int($0) - 40 * episode - 5 * step) <= 3 }, "\(row)")
        }
    }

    /// The files of an episode, in the order in which they are renamed.
    private func files(of episode: Int) -> [String] {
        [
            "videos/\(camera)/chunk-000/file-00\(episode).mp4", "meta/tasks.parquet",
            "data/chunk-000/file-00\(episode).parquet", "meta/episodes/chunk-000/file-00\(episode).parquet",
            "meta/stats.json", "meta/info.json",
        ]
    }

    @Test("is whole after every rename, and goes on from there", arguments: 0 ... 6)
    func interruptions(renamed: Int) async throws {
        let complete = parent.appending(path: "complete")
        for (target, episodes) in [(folder, 2), (complete, 3)] {
            let growing = try GrowingDataset(opening: target, fps: 10)
            for episode in 0 ..< episodes { try await record(episode, into: growing) }
            await growing.close()
        }
        let manager = FileManager.default
        try manager.createDirectory(
            at: folder.appending(path: ".recording/episode-3"),
            withIntermediateDirectories: true
        )
        for file in files(of: 2).prefix(renamed) {
            try? manager.removeItem(at: folder.appending(path: file))
            try manager.copyItem(at: complete.appending(path: file), to: folder.appending(path: file))
        }
        // The rows of an episode come before the list that names them.
        let episodes = renamed < 4 ? 2 : 3
        let dataset = try LeRobotDataset(opening: folder)
        #expect(dataset.episodes.map(\.length) == Array([3, 4, 5].prefix(episodes)))
        for row in 0 ..< dataset.frameCount { _ = try dataset.frame(at: row, camera: camera) }

        let growing = try GrowingDataset(opening: folder, fps: 10)
        let repaired = try LeRobotDataset(opening: folder)
        #expect(repaired.warnings.isEmpty, "\(repaired.warnings)")
        #expect(repaired.info.totalEpisodes == episodes)
        for episode in episodes ..< 4 { try await record(episode, into: growing) }
        await growing.close()
        #expect(DatasetCheck.findings(of: folder).isEmpty)
        #expect(try LeRobotDataset(opening: folder).episodes.map(\.length) == [3, 4, 5, 6])
    }

    @Test("begins anew where its first episode was interrupted", arguments: 0 ... 5)
    func firstEpisode(renamed: Int) async throws {
        let complete = parent.appending(path: "complete")
        let former = try GrowingDataset(opening: complete, fps: 10)
        try await record(0, into: former)
        await former.close()
        let manager = FileManager.default
        try manager.createDirectory(
            at: folder.appending(path: ".recording"),
            withIntermediateDirectories: true
        )
        for file in files(of: 0).prefix(renamed) {
            let target = folder.appending(path: file)
            try manager.createDirectory(
                at: target.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try manager.copyItem(at: complete.appending(path: file), to: target)
        }
        let growing = try GrowingDataset(opening: folder, fps: 10)
        for episode in 0 ..< 2 { try await record(episode, into: growing) }
        await growing.close()
        #expect(DatasetCheck.findings(of: folder).isEmpty)
        #expect(try LeRobotDataset(opening: folder).episodes.map(\.length) == [3, 4])
    }

    @Test("computes its statistics anew where those of the file have no meaning")
    func statistics() async throws {
        let former = try GrowingDataset(opening: folder, fps: 10)
        try await record(0, into: former)
        await former.close()
        let file = folder.appending(path: "meta/stats.json")
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
        var features = try #require(json as? [String: [String: [Any]]])
        features["action"]?["count"] = [1e300]
        for part in features["tick", default: [:]].keys { features["tick"]?[part] = [3, 3] }
        try JSONSerialization.data(withJSONObject: features).write(to: file)
        let growing = try GrowingDataset(opening: folder, fps: 10)
        try await record(1, into: growing)
        await growing.close()
        #expect(DatasetCheck.findings(of: folder).isEmpty)
        let written = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
        let statistics = try #require(written as? [String: [String: [Any]]])
        for name in ["action", "tick", "timestamp", "index"] {
            #expect(statistics[name]?["count"]?.first as? Int == 7, "\(name)")
        }
    }

    @Test("refuses an episode that was begun before one of other features was saved")
    func concurrentFeatures() async throws {
        let growing = try GrowingDataset(opening: folder, fps: 10)
        let other = try await growing.begin(["action": Feature(dtype: "float32", shape: [1])])
        try await other.append(RecordedFrame(numbers: ["action": .floats([1])], task: "reach"))
        try await record(0, into: growing)
        await #expect(throws: LeRobotError.self) { _ = try await growing.save(other) }
        try await record(1, into: growing)
        await growing.close()
        #expect(DatasetCheck.findings(of: folder).isEmpty)
    }

    @Test("refuses other features, another rate, and a second writer")
    func refusals() async throws {
        let growing = try GrowingDataset(opening: folder, fps: 10)
        try await record(0, into: growing)
        var other = features(of: growing)
        other["reward"] = nil
        await #expect(throws: LeRobotError.self) { _ = try await growing.begin(other) }
        let recording = try await growing.begin(features(of: growing))
        var odd = frame(1, 0)
        odd.numbers["action"] = .floats([1])
        await #expect(throws: LeRobotError.self) { try await recording.append(odd) }
        #expect(await recording.length == 0)
        await #expect(throws: LeRobotError.self) { _ = try await growing.save(recording) }
        #expect(throws: LeRobotError.self) { try GrowingDataset(opening: folder, fps: 10) }
        await growing.close()
        #expect {
            _ = try GrowingDataset(opening: folder, fps: 20)
        } throws: { "\($0)".contains("found 10.0; a recording goes on at its own rate") }
    }
}
