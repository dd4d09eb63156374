import Foundation
import RobotTypes
import TemporaryFolder
import Testing

@testable import LeRobot

@Suite("Assembled datasets")
struct AssemblyTests {
    private static let variable: [Double] = [
        0, 0.031, 0.07, 0.099, 0.14, 0.16, 0.7, 0.73, 0.77, 0.8, 0.83, 0.87,
    ]

    private let camera = "observation.images.front"
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var out: URL { folder.appending(path: "out") }

    /// A dataset of several episodes from a camera, and what is in it.
    private func sample(_ lengths: [Int], video: VideoSettings = .dataset, name: String = "dataset") throws
        -> LeRobotDataset
    {
        let sample = SampleDataset(lengths: lengths, cameras: [camera], video: video)
        try sample.write(to: folder.appending(path: name))
        return try LeRobotDataset(opening: folder.appending(path: name))
    }

    private func pixels(_ dataset: LeRobotDataset, _ episode: Int) throws -> [[UInt8]] {
        try dataset.frames(episode: episode, camera: camera).map(\.pixels)
    }

    @Test("hold episodes of two datasets in the order asked for, bit by bit")
    func copies() throws {
        let first = try sample([7, 5, 9])
        let second = try sample([4, 6], name: "second")
        let result = try DatasetAssembly([
            .init(dataset: first, episodes: [2, 0]), .init(dataset: second),
        ]).write(to: out)
        #expect(result.episodes == 4)
        #expect(result.frames == 26)
        #expect(result.copiedSegments == 4)
        #expect(result.encodedSegments == 0)
        #expect(result.notes.isEmpty)
        let written = try LeRobotDataset(opening: out)
        #expect(written.info.codebaseVersion == "v3.0")
        #expect(written.episodes.map(\.length) == [9, 7, 4, 6])
        #expect(written.episodes.map(\.tasks) == [["task 0"], ["task 0"], ["task 0"], ["task 1"]])
        let table = try written.loadTable()
        for (position, (source, episode)) in [(first, 2), (first, 0), (second, 0), (second, 1)].enumerated() {
            let expected = try source.loadTable()
            for name in ["action", "observation.state", "observation.environment_state"] {
                let mine = try table.column(name).rows(written.episodes[position].rows)
                #expect(try mine == expected.column(name).rows(source.episodes[episode].rows))
            }
            #expect(try pixels(written, position) == pixels(source, episode))
        }
        #expect(DatasetCheck.findings(of: out).isEmpty)
        #expect(folder.paths.allSatisfy { !$0.contains("partial") })
    }

    @Test("begin segments that start between keyframes anew, and say so")
    func encodes() throws {
        // The second episode begins at frame 7; the only keyframe of this video is its first frame.
        var recording = OddRecording(lengths: [7, 5])
        recording.addCamera(camera, from: [0, 0.7], to: [0.7, 1.2])
        try recording.write(to: folder.dataset)
        let file = folder.dataset.appending(path: "videos/\(camera)/chunk-000/file-000.mp4")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        let encoder = try VideoEncoder(creating: file, width: 64, height: 48, fps: 10, settings: .watching)
        for number in 0 ..< 12 { try encoder.append(SampleDataset(lengths: []).image(of: number)) }
        try encoder.finish()
        let result = try DatasetAssembly([.init(dataset: try LeRobotDataset(opening: folder.dataset))])
            .write(to: out)
        #expect(result.copiedSegments == 1)
        #expect(result.encodedSegments == 1)
        #expect(
            result.notes == ["\(camera): 1 episodes were encoded anew: it does not begin with a keyframe"]
        )
        let written = try LeRobotDataset(opening: out)
        let numbers = try (0 ..< 12).map {
            SampleDataset.number(in: try written.frame(at: $0, camera: camera))
        }
        #expect(numbers == Array(0 ..< 12))
        #expect(DatasetCheck.findings(of: out).isEmpty)
    }

    @Test("encode images of odd size anew, to the last row and column")
    func oddSizes() throws {
        var recording = OddRecording(lengths: [7, 5])
        recording.addCamera(camera, from: [0, 0.7], to: [0.7, 1.2])
        recording.setFeature(camera, #"{"dtype": "video", "shape": [17, 33, 3], "names": null}"#)
        try recording.write(to: folder.dataset)
        let file = folder.dataset.appending(path: "videos/\(camera)/chunk-000/file-000.mp4")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        let sample = SampleDataset(lengths: [], width: 33, height: 17)
        var settings = VideoSettings.dataset
        settings.keyframeInterval = 50
        let encoder = try VideoEncoder(creating: file, width: 33, height: 17, fps: 10, settings: settings)
        for number in 0 ..< 12 { try encoder.append(sample.image(of: number)) }
        try encoder.finish()
        let result = try DatasetAssembly([.init(dataset: try LeRobotDataset(opening: folder.dataset))])
            .write(to: out)
        #expect((result.copiedSegments, result.encodedSegments) == (1, 1))
        let written = try LeRobotDataset(opening: out)
        #expect(written.info.features[camera]?.shape == [17, 33, 3])
        for row in 0 ..< 12 {
            let image = try written.frame(at: row, camera: camera)
            #expect((image.width, image.height) == (33, 17))
            #expect(SampleDataset.number(in: image) == row)
        }
        #expect(DatasetCheck.findings(of: out).isEmpty)
    }

    @Test(
        "keep the frames of odd videos",
        arguments: ["variable.mp4", "shifted.mp4", "trimmed.mp4", "untimed.mp4"]
    )
    func oddVideos(video: String) throws {
        let times = video == "variable.mp4" ? Self.variable : (0 ..< 12).map { Double($0) / 10 }
        var recording = OddRecording(lengths: [12])
        recording.addCamera(camera, from: [0], to: [1.2])
        recording.set("timestamp", "float", times)
        try recording.write(to: folder.dataset)
        let file = folder.dataset.appending(path: "videos/\(camera)/chunk-000/file-000.mp4")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        let golden = Bundle.module.bundleURL.appending(path: "Golden/videos/\(video)")
        try FileManager.default.copyItem(at: golden, to: file)
        let source = try LeRobotDataset(opening: folder.dataset)
        let result = try DatasetAssembly([.init(dataset: source)]).write(to: out)
        let written = try LeRobotDataset(opening: out)
        for row in 0 ..< 12 {
            let expected = SampleDataset.number(in: try source.frame(at: row, camera: camera))
            #expect(SampleDataset.number(in: try written.frame(at: row, camera: camera)) == expected)
        }
        // Frames lie at their rows' times, for readers that go by time.
        let index = try VideoIndex(
            reading: out.appending(path: "videos/\(camera)/chunk-000/file-000.mp4")
        )
        #expect(zip(index.times, times).allSatisfy { abs($0 - $1) < 1e-4 })
        #expect(result.copiedSegments + result.encodedSegments == 1)
        #expect(written.warnings.isEmpty)
    }

    @Test("are made of v2.1, with types, nulls and image files as they are")
    func older() throws {
        var recording = OddRecording("v2.1")
        recording.set("wide", "double", (0 ..< 7).map { $0 == 3 ? nil : 1 / Double($0 + 3) })
        recording.setFeature("wide", #"{"dtype": "float64", "shape": [1], "names": null}"#)
        recording.set("word", "text", (0 ..< 7).map { "row \($0)" })
        recording.setFeature("word", #"{"dtype": "string", "shape": [1], "names": null}"#)
        let image = SampleDataset(lengths: []).image(of: 5)
        let bytes = try pngBytes(of: image, file: out)
        recording.set(
            camera,
            "image",
            (0 ..< 7).map { _ in ["bytes": bytes.base64EncodedString(), "path": "x.png"] }
        )
        recording.setFeature(camera, #"{"dtype": "image", "shape": [48, 64, 3], "names": null}"#)
        try recording.write(to: folder.dataset)
        let source = try LeRobotDataset(opening: folder.dataset)
        _ = try DatasetAssembly([.init(dataset: source)]).write(to: out)
        let reader = try ParquetReader(opening: out.appending(path: "data/chunk-000/file-000.parquet"))
        #expect(reader.type(of: "wide") == "double")
        let wide = try reader.column("wide").doubles()
        #expect(wide[3].isNaN)
        #expect(wide[4] == 1 / 7.0)
        #expect(try reader.column("word").texts() == (0 ..< 7).map { "row \($0)" })
        let stored = try reader.column(camera).field("bytes")?.data(row: 6)
        #expect(stored == bytes)
        let written = try LeRobotDataset(opening: out)
        #expect(written.info.features[camera]?.names == ["height", "width", "channels"])
        #expect(try written.frame(at: 6, camera: camera) == image)
        #expect(try reader.integers("index") == Array(0 ..< 7))
        #expect(try reader.integers("episode_index") == [0, 0, 0, 0, 1, 1, 1])
    }

    @Test("hold the numbers and texts of decimals and of texts by dictionary")
    func codedColumns() throws {
        let effort: [Double?] = [-1.5, 0.125, nil, 99999.875, 0, -0.001, 7]
        let words = ["open", nil, "close", "open", "Öffne", "", "close"]
        var recording = OddRecording("v2.1")
        recording.set("action", "[decimal]", (0 ..< 7).map { [Double($0), 0.5, -Double($0) / 8] })
        recording.set("effort", "decimal", effort)
        recording.setFeature("effort", #"{"dtype": "float64", "shape": [1], "names": null}"#)
        recording.set("count", "decimal", (0 ..< 7).map { $0 * 1000 })
        recording.setFeature("count", #"{"dtype": "int64", "shape": [1], "names": null}"#)
        recording.set("word", "coded_text", words)
        recording.setFeature("word", #"{"dtype": "string", "shape": [1], "names": null}"#)
        try recording.write(to: folder.dataset)
        let file = folder.dataset.appending(path: "data/chunk-000/episode_000000.parquet")
        let source = try ParquetReader(opening: file)
        #expect(source.type(of: "effort") == "decimal128(10, 3)")
        #expect(source.type(of: "word")?.hasPrefix("dictionary<values=string") == true)
        let result = try DatasetAssembly([.init(dataset: try LeRobotDataset(opening: folder.dataset))])
            .write(to: out)
        #expect(result.notes.isEmpty)
        let reader = try ParquetReader(opening: out.appending(path: "data/chunk-000/file-000.parquet"))
        #expect(reader.type(of: "action") == "fixed_size_list<element: float>[3]")
        #expect(reader.type(of: "effort") == "double")
        #expect(reader.type(of: "count") == "int64")
        #expect(reader.type(of: "word") == "string")
        #expect(try reader.column("effort").doubles().map { $0.isNaN ? nil : $0 } == effort)
        #expect(try reader.integers("count") == (0 ..< 7).map { $0 * 1000 })
        #expect(try reader.column("word").texts() == words)
        let actions = try LeRobotDataset(opening: out).loadTable().actions.values
        let rows = (0 ..< 7).map(Float.init)
        let expected = rows.flatMap { row -> [Float] in [row, 0.5, row / -8] }
        #expect(actions == expected)
    }

    @Test("refuse datasets whose features differ, and name the feature")
    func disagreement() throws {
        try OddRecording().write(to: folder.dataset)
        var other = OddRecording("v2.1")
        other.setFeature("action", #"{"dtype": "float32", "shape": [3], "names": ["row", "episode", "x"]}"#)
        try other.write(to: folder.appending(path: "other"))
        let parts = try ["dataset", "other"].map { name in
            DatasetAssembly.Part(dataset: try LeRobotDataset(opening: folder.appending(path: name)))
        }
        let error = #expect(throws: LeRobotError.self) { try DatasetAssembly(parts) }
        #expect(error?.description.contains("features.action.names") == true)
        #expect(error?.description.contains("expected row episode frame") == true)
    }

    @Test("are not written outside of their folder, whatever a camera is called")
    func outside() throws {
        let name = "../../elsewhere"
        var recording = OddRecording()
        recording.addCamera(name, from: [0, 0.4], to: [0.4, 0.7])
        try recording.write(to: folder.dataset)
        let part = DatasetAssembly.Part(dataset: try LeRobotDataset(opening: folder.dataset))
        let error = #expect(throws: LeRobotError.self) { try DatasetAssembly([part]) }
        #expect(error?.description.contains("found '\(name)'; leave it out with --without") == true)
        _ = try DatasetAssembly([part], omitting: [name])
    }

    @Test("have files of some size, whatever size the dataset asks for", arguments: ["1e15", "-3"])
    func fileSizes(json: String) throws {
        var recording = OddRecording()
        recording.setInfo("data_files_size_in_mb", json)
        recording.setInfo("video_files_size_in_mb", json)
        try recording.write(to: folder.dataset)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(try DatasetAssembly([.init(dataset: dataset)]).write(to: out).frames == 7)
    }

    @Test("leave nothing behind where an episode cannot be read")
    func failure() throws {
        let source = try sample([7, 5])
        let file = folder.dataset.appending(path: "videos/\(camera)/chunk-000/file-000.mp4")
        let bytes = try Data(contentsOf: file)
        try bytes.prefix(bytes.count / 2).write(to: file)
        #expect(throws: LeRobotError.self) {
            try DatasetAssembly([.init(dataset: source)]).write(to: out)
        }
        #expect(folder.paths.allSatisfy { !$0.hasPrefix("out") })
    }
}
