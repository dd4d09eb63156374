import Foundation
import LeRobot
import TemporaryFolder
import Testing

/// A small recording as other programs write it, until a test changes something.
///
/// The first column of an action is the row in the dataset, the second the episode, the third the frame.
struct OddRecording {
    var version: String
    var lengths: [Int]
    var fps = 10.0
    var info: [(key: String, json: String)]
    var features: [(name: String, json: String)]
    /// Columns of all rows in order.
    var columns: [Column]
    /// Rows of every data file, by path.
    var files: [(path: String, rows: [Int])]
    /// Columns of `meta/episodes`.
    var episodes: [Column] = []
    /// Further files, by path.
    var texts: [(path: String, text: String)] = []
    var rowsOfGroup: Int?

    /// A column, as `write_parquet.py` takes it.
    struct Column {
        var name: String
        var type: String
        var values: [Any?]

        init(_ name: String, _ type: String, _ values: [Any?]) {
            self.name = name
            self.type = type
            self.values = values
        }
    }

    /// A recording of version 3.0 in one data file, or of version 2.1 in a file an episode.
    init(_ version: String = "v3.0", lengths: [Int] = [4, 3]) {
        self.version = version
        self.lengths = lengths
        let count = lengths.reduce(0, +)
        let episode = lengths.enumerated().flatMap { Array(repeating: $0.offset, count: $0.element) }
        let frame = lengths.flatMap { Array(0 ..< $0) }
        columns = [
            Column(
                "action",
                "[float]",
                (0 ..< count).map { [Double($0), Double(episode[$0]), Double(frame[$0])] }
            ),
            Column("observation.state", "[float]", (0 ..< count).map { [Double($0) / 4, 1] }),
            Column("timestamp", "float", frame.map { Double($0) / 10 }),
            Column("frame_index", "int64", frame),
            Column("episode_index", "int64", episode),
            Column("index", "int64", Array(0 ..< count)),
            Column("task_index", "int64", Array(repeating: 0, count: count)),
        ]
        info = [
            ("codebase_version", "\"\(version)\""), ("robot_type", "\"test\""), ("fps", "10"),
            ("total_episodes", "\(lengths.count)"), ("total_frames", "\(count)"), ("total_tasks", "1"),
        ]
        features = [
            ("action", #"{"dtype": "float32", "shape": [3], "names": ["row", "episode", "frame"]}"#),
            ("observation.state", #"{"dtype": "float32", "shape": [2], "names": null}"#),
        ]
        for name in ["timestamp", "frame_index", "episode_index", "index", "task_index"] {
            features.append(
                (name, #"{"dtype": "\#(name == "timestamp" ? "float32" : "int64")", "shape": [1]}"#)
            )
        }
        let starts = lengths.indices.map { lengths[..<$0].reduce(0, +) }
        if version.hasPrefix("v2") {
            info.append(
                ("data_path", "\"data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet\"")
            )
            info.append(
                (
                    "video_path",
                    "\"videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4\""
                )
            )
            files = lengths.indices.map {
                (
                    String(format: "data/chunk-000/episode_%06d.parquet", $0),
                    Array(starts[$0] ..< starts[$0] + lengths[$0])
                )
            }
            let lines = lengths.indices.map {
                #"{"episode_index": \#($0), "tasks": ["do it"], "length": \#(lengths[$0])}"#
            }
            texts = [
                ("meta/episodes.jsonl", lines.joined(separator: "\n") + "\n"),
                ("meta/tasks.jsonl", #"{"task_index": 0, "task": "do it"}"# + "\n"),
            ]
        } else {
            info.append(("data_path", "\"data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet\""))
            info.append(
                ("video_path", "\"videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4\"")
            )
            files = [("data/chunk-000/file-000.parquet", Array(0 ..< count))]
            let zeros = [Any?](repeating: 0, count: lengths.count)
            episodes = [
                Column("episode_index", "int64", Array(lengths.indices)),
                Column("tasks", "[text]", lengths.map { _ in ["do it"] }),
                Column("length", "int64", lengths),
                Column("data/chunk_index", "int64", zeros), Column("data/file_index", "int64", zeros),
                Column("dataset_from_index", "int64", starts),
                Column("dataset_to_index", "int64", zip(starts, lengths).map { $0 + $1 }),
            ]
        }
    }

    /// Replaces the values of a column, or adds it; nil removes it.
    mutating func set(_ name: String, _ type: String, _ values: [Any?]?) {
        columns.removeAll { $0.name == name }
        if let values { columns.append(Column(name, type, values)) }
    }

    /// Replaces the values of a column of `meta/episodes`.
    mutating func setEpisodes(_ name: String, _ values: [Any?], type: String = "int64") {
        episodes.removeAll { $0.name == name }
        episodes.append(Column(name, type, values))
    }

    mutating func setInfo(_ key: String, _ json: String?) {
        info.removeAll { $0.key == key }
        if let json { info.append((key, json)) }
    }

    mutating func setFeature(_ name: String, _ json: String?) {
        features.removeAll { $0.name == name }
        if let json { features.append((name, json)) }
    }

    /// Adds a camera of 64x48 pixels with a video for every episode, or in version 3.0 one for all.
    mutating func addCamera(_ name: String, from: [Double?], to: [Double?], more: String = "") {
        setFeature(
            name,
            #"{"dtype": "video", "shape": [48, 64, 3], "names": ["height", "width", "channels"]\#(more)}"#
        )
        guard version.hasPrefix("v3") else { return }
        let zeros = from.map { $0.map { _ in 0 } }
        setEpisodes("videos/\(name)/chunk_index", zeros)
        setEpisodes("videos/\(name)/file_index", zeros)
        setEpisodes("videos/\(name)/from_timestamp", from, type: "double")
        setEpisodes("videos/\(name)/to_timestamp", to, type: "double")
    }

    /// Writes the recording.
    func write(to folder: URL) throws {
        let features = features.map { "\"\($0.name)\": \($0.json)" }.joined(separator: ",\n")
        let info = (info + [("features", "{\(features)}")]).map { "\"\($0.key)\": \($0.json)" }
        try write("{\(info.joined(separator: ",\n"))}", to: folder.appending(path: "meta/info.json"))
        for (path, text) in texts { try write(text, to: folder.appending(path: path)) }
        var tables = files.map { file in
            table(
                folder,
                file.path,
                columns.map { column in
                    Column(column.name, column.type, file.rows.map { column.values[$0] })
                }
            )
        }
        if version.hasPrefix("v3") {
            tables.append(table(folder, "meta/episodes/chunk-000/file-000.parquet", episodes))
            if !texts.contains(where: { $0.path == "meta/tasks.parquet" }) {
                tables.append(
                    table(
                        folder,
                        "meta/tasks.parquet",
                        [Column("task_index", "int64", [0]), Column("task", "text", ["do it"])]
                    )
                )
            }
        }
        try writeParquet(tables)
    }

    private func table(_ folder: URL, _ path: String, _ columns: [Column]) -> [String: Any] {
        [
            "path": folder.appending(path: path).path, "group": rowsOfGroup ?? 0,
            "columns": columns.map {
                ["name": $0.name, "type": $0.type, "values": $0.values.map { $0 ?? NSNull() }]
                    as [String: Any]
            },
        ]
    }

    private func write(_ text: String, to file: URL) throws {
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: file)
    }
}

/// Writes Parquet files with pyarrow.
func writeParquet(_ tables: [[String: Any]]) throws {
    let process = Process()
    process.executableURL = packageRoot.appending(path: ".deps/python/bin/python")
    process.arguments = [packageRoot.appending(path: "Tests/Peers/write_parquet.py").path]
    let input = Pipe()
    process.standardInput = input
    try process.run()
    let data = try JSONSerialization.data(withJSONObject: tables)
    input.fileHandleForWriting.write(data)
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "write_parquet.py failed")
}

extension LeRobotDataset {
    /// Fields that the warnings name.
    var oddFields: [String] { warnings.map { $0.field ?? URL(filePath: $0.file).lastPathComponent } }
}

extension FrameTable {
    /// The first column of the actions.
    var rowsSeen: [Float] {
        get throws {
            let actions = try actions
            return actions.values.enumerated().filter { $0.offset % actions.dimension == 0 }.map(\.element)
        }
    }
}
