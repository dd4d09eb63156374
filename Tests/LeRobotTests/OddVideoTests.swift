import CFFmpeg
import Foundation
import RobotTypes
import TemporaryFolder
import Testing

@testable import LeRobot

/// Videos of `lerobot_makes_odd_videos.py`: twelve frames that show 0 to 11, or 5 to 16 where some are hidden.
@Suite("Odd videos")
struct OddVideoTests {
    private static let variable = [0, 0.031, 0.07, 0.099, 0.14, 0.16, 0.7, 0.73, 0.77, 0.8, 0.83, 0.87]
    private static let grid = (0 ..< 12).map { Double($0) / 10 }

    private let camera = "observation.images.front"
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var golden: URL {
        Bundle.module.bundleURL.appending(path: "Golden/videos")
    }

    /// A dataset of two episodes, of 7 and 5 rows, in one video.
    private func dataset(
        _ video: String,
        times: [Double],
        from: [Double?],
        to: [Double?],
        _ change: (inout OddRecording) -> Void = { _ in }
    ) throws -> LeRobotDataset {
        var recording = OddRecording(lengths: [7, 5])
        recording.addCamera(camera, from: from, to: to)
        recording.set("timestamp", "float", (0 ..< 12).map { times[$0] - ($0 < 7 ? times[0] : times[7]) })
        change(&recording)
        try recording.write(to: folder.dataset)
        let file = folder.dataset.appending(path: "videos/\(camera)/chunk-000/file-000.mp4")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try FileManager.default.copyItem(at: golden.appending(path: video), to: file)
        return try LeRobotDataset(opening: folder.dataset)
    }

    private func numbers(in dataset: LeRobotDataset) throws -> [Int] {
        let alone = try (0 ..< dataset.frameCount).reversed().map {
            SampleDataset.number(in: try dataset.frame(at: $0, camera: camera))
        }
        let together = try dataset.episodes.flatMap { try dataset.frames(episode: $0.index, camera: camera) }
        #expect(together.map { SampleDataset.number(in: $0) } == alone.reversed())
        return alone.reversed()
    }

    @Test(
        "show every row its own frame",
        arguments: [
            ("variable.mp4", variable, [0, 0.73], [0.73, 0.9], [String]()),
            ("shifted.mp4", grid, [0, 0.7], [0.7, 1.2], []),
            ("shifted.mp4", grid, [0.2, 0.9], [0.9, 1.4], []),
            ("untimed.mp4", grid, [0, 0.7], [0.7, 1.2], []),
            ("trimmed.mp4", grid, [0, 0.7], [0.7, 1.2], []),
            // A camera's clock in the column over a video of constant rate.
            ("shifted.mp4", variable, [0, 0.7], [0.7, 1.2], ["observation.images.front"]),
            // Seconds rounded, and a quarter of a frame early.
            ("trimmed.mp4", grid, [0, 0.674], [0.674, 1.2], []),
        ] as [(String, [Double], [Double?], [Double?], [String])]
    )
    func frames(video: String, times: [Double], from: [Double?], to: [Double?], warns: [String]) throws {
        let dataset = try dataset(video, times: times, from: from, to: to)
        let first = video == "trimmed.mp4" ? 5 : 0
        #expect(try numbers(in: dataset) == Array(first ..< first + 12))
        #expect(dataset.oddFields == warns)
    }

    @Test(
        "show rows of a clock of any unit and start their own frames",
        arguments: [
            ("int64", 1e3), ("int64", 1e6), ("int64", 1e9), ("time", 1e9), ("double", 1), ("text", 0),
        ]
    )
    func clocks(type: String, unit: Double) throws {
        let start = unit == 1e9 || unit == 1 ? 1_700_000_000.0 : 0
        let dataset = try dataset("shifted.mp4", times: Self.grid, from: [0], to: [.infinity]) { recording in
            recording.lengths = [7]
            recording.set(
                "timestamp",
                type,
                (0 ..< 12).map { row -> Any in
                    let time = start + Double(row) / 10
                    switch type {
                    case "text": return "\(time) s"
                    case "double": return time
                    default: return (Int(start) * 10 + row) * Int(unit / 10)
                    }
                }
            )
            recording.files[0].rows = Array(0 ..< 7)
            recording.episodes = recording.episodes.map { column in
                .init(column.name, column.type, Array(column.values.prefix(1)))
            }
            // Five frames more than rows: their number does not tell which are meant.
            recording.setEpisodes("videos/\(camera)/to_timestamp", [9], type: "double")
        }
        #expect(try numbers(in: dataset) == Array(0 ..< 7))
    }

    @Test("whose edit list hides frames that the rows have show them")
    func hidden() throws {
        var recording = OddRecording("v2.1", lengths: [17])
        recording.addCamera(camera, from: [0], to: [1.7])
        try recording.write(to: folder.dataset)
        let file = folder.dataset.appending(path: "videos/chunk-000/\(camera)/episode_000000.mp4")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try FileManager.default.copyItem(at: golden.appending(path: "trimmed.mp4"), to: file)
        #expect(try numbers(in: LeRobotDataset(opening: folder.dataset)) == Array(0 ..< 17))
    }

    @Test("that players turn are given as they are stored, which is said")
    func rotated() throws {
        let dataset = try dataset("shifted.mp4", times: Self.grid, from: [0, 0.7], to: [0.7, 1.2])
        let file = folder.dataset.appending(path: "videos/\(camera)/chunk-000/file-000.mp4")
        var bytes = try Data(contentsOf: file)
        let box = try #require(bytes.range(of: Data("tkhd".utf8)))
        // A matrix of 16.16 numbers, upside down.
        for (place, value) in [(40, UInt8(0xFF)), (41, 0xFF), (56, 0xFF), (57, 0xFF)] {
            bytes[box.upperBound + place] = value
        }
        try bytes.write(to: file)
        #expect(try numbers(in: dataset) == Array(0 ..< 12))
        #expect(
            dataset.warnings.contains { $0.text.contains("by 180 degrees") || $0.text.contains("by -180") }
        )
    }

    @Test("in folders of the cameras' short names, and of episodes without segments, are found")
    func shortNames() throws {
        let dataset = try dataset("shifted.mp4", times: Self.grid, from: [0, 0.7], to: [0.7, 1.2]) {
            $0.episodes.removeAll { $0.name.hasSuffix("_timestamp") }
        }
        #expect(try numbers(in: dataset) == Array(0 ..< 12))
        try FileManager.default.moveItem(
            at: folder.dataset.appending(path: "videos/\(camera)"),
            to: folder.dataset.appending(path: "videos/front")
        )
        #expect(try numbers(in: LeRobotDataset(opening: folder.dataset)) == Array(0 ..< 12))
    }

    @Test("of a part of the episodes show what is at the rows' times")
    func part() throws {
        let dataset = try dataset("variable.mp4", times: Self.variable, from: [0, 0.73], to: [0.73, 0.9]) {
            $0.setEpisodes("episode_index", [0, 1])
            $0.files = [("data/chunk-000/file-000.parquet", Array(7 ..< 12))]
        }
        #expect(dataset.oddFields == ["data"])
        let images = try dataset.frames(episode: 1, camera: camera)
        #expect(images.map { SampleDataset.number(in: $0) } == [7, 8, 9, 10, 11])
    }

    @Test("that are too short fail for the rows without a frame alone")
    func short() throws {
        var recording = OddRecording(lengths: [7, 8])
        recording.addCamera(camera, from: [0, 0.7], to: [0.7, 1.5])
        try recording.write(to: folder.dataset)
        let file = folder.dataset.appending(path: "videos/\(camera)/chunk-000/file-000.mp4")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try FileManager.default.copyItem(at: golden.appending(path: "shifted.mp4"), to: file)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        for row in 0 ..< 12 {
            #expect(SampleDataset.number(in: try dataset.frame(at: row, camera: camera)) == row)
        }
        let error = #expect(throws: LeRobotError.self) { try dataset.frame(at: 12, camera: camera) }
        #expect(
            error?.description.contains(
                "file-000.mp4: frame 5 of episode 1, frame 12 of the dataset: no frame"
            ) == true
        )
        #expect(dataset.oddFields == [camera])
    }

    @Test("that an episode lacks are said to be absent, and others are read")
    func absentCamera() throws {
        let dataset = try dataset("shifted.mp4", times: Self.grid, from: [0, nil], to: [0.7, nil])
        #expect(SampleDataset.number(in: try dataset.frame(at: 6, camera: camera)) == 6)
        let error = #expect(throws: LeRobotError.self) { try dataset.frame(at: 7, camera: camera) }
        #expect(error?.description.contains("'\(camera)' of episode 1: absent") == true)
    }

    @Test("of another size than described are read, with a warning")
    func otherSize() throws {
        let dataset = try dataset("shifted.mp4", times: Self.grid, from: [0, 0.7], to: [0.7, 1.2]) {
            $0.setFeature(
                camera,
                #"{"dtype": "video", "shape": [3, 480, 640], "names": ["channels", "height", "width"]}"#
            )
        }
        #expect(try dataset.imageSize(of: camera) == (48, 64))
        #expect(dataset.oddFields == ["features.\(camera).shape"])
    }

    @Test("of distances are no colours, and are read in metres")
    func depth() throws {
        var recording = OddRecording("v2.1", lengths: [2])
        let marked =
            #", "info": {"is_depth_map": true, "depth_min": 0.0, "depth_max": 4.095, "use_log": false}"#
        recording.setFeature("depth", #"{"dtype": "video", "shape": [32, 32, 1]\#(marked)}"#)
        recording.setInfo("video_path", "\"videos/{video_key}/{episode_index}.mkv\"")
        try recording.write(to: folder.dataset)
        let file = folder.dataset.appending(path: "videos/depth/0.mkv")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try FileManager.default.copyItem(at: golden.appending(path: "depth.mkv"), to: file)
        let dataset = try LeRobotDataset(opening: folder.dataset)
        #expect(dataset.cameras.isEmpty)
        #expect(dataset.depthCameras == ["depth"])
        let image = try dataset.depthFrame(at: 1, camera: "depth")
        for column in 0 ..< 32 {
            let expected = Float(64 * column + 1000) / 1000
            #expect(abs(image.metres[3 * 32 + column] - expected) < 1e-5)
        }
        #expect(throws: LeRobotError.self) { try dataset.depthFrame(at: 1, camera: "action") }
        // An MP4 file cannot hold its codec: distances are encoded anew, bit by bit.
        let out = folder.url.appending(path: "converted")
        let result = try DatasetAssembly([.init(dataset: dataset)]).write(to: out)
        #expect(result.encodedSegments == 1)
        let converted = try LeRobotDataset(opening: out)
        for row in 0 ..< 2 {
            let found = try converted.depthFrame(at: row, camera: "depth")
            #expect(try found == dataset.depthFrame(at: row, camera: "depth"))
        }
    }

    @Test("codes beyond a raw frame's bits are the largest distance")
    func largeCodes() throws {
        var frame = FFmpeg.allocateFrame(width: 2, height: 1, format: AV_PIX_FMT_GRAY10LE)
        defer { av_frame_free(&frame) }
        let pixels = try #require(frame?.pointee.data.0)
        for (index, byte) in ([0, 0, 0xFF, 0xFF] as [UInt8]).enumerated() { pixels[index] = byte }
        let image = try #require(frame.flatMap { DepthImage(codes: $0, coding: DepthCoding()) })
        #expect(zip(image.metres, [0.01, 10] as [Float]).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test("codes of distances are those of LeRobot")
    func depthCodes() {
        let coding = DepthCoding()
        #expect(abs(coding.metres(ofCode: 0) - 0.01) < 1e-6)
        #expect(abs(coding.metres(ofCode: 4095) - 10) < 1e-5)
        // 1.5 m is log(5 / 3.51) / log(13.5 / 3.51) of the way.
        #expect(abs(coding.metres(ofCode: 1076) - 1.5) < 1e-3)
    }
}
