public import Foundation

/// Recordings of a robot in a folder of format LeRobot v3.0.
///
/// The value describes the dataset; numbers are read by ``loadTable()``, pictures by
/// ``frame(at:camera:)``, ``frames(episode:camera:)`` or ``FrameStore``.
///
/// Source: LeRobot, `src/lerobot/datasets` (<https://github.com/huggingface/lerobot>).
public struct LeRobotDataset: Sendable {
    /// Where the dataset lies.
    public let folder: URL

    /// What `meta/info.json` says.
    public let info: DatasetInfo

    /// Tasks in plain words, by `task_index`.
    public let tasks: [String]

    /// Episodes in order.
    public let episodes: [Episode]

    /// Names of the cameras stored as video, sorted, for example `observation.images.corner2`.
    public var cameras: [String] { info.features.filter { $0.value.dtype == "video" }.map(\.key).sorted() }

    /// Frames of all episodes together.
    public var frameCount: Int { episodes.last?.rows.upperBound ?? 0 }

    /// Opens a dataset and checks its metadata against each other and against the files present.
    ///
    /// - Throws: ``LeRobotError`` that names the file and field at fault.
    public init(opening folder: URL) throws(LeRobotError) {
        self.folder = folder
        let info = try DatasetInfo(readingFrom: folder)
        self.info = info
        tasks = try Self.tasks(in: folder)
        let cameras = info.features.filter { $0.value.dtype == "video" }.map(\.key).sorted()
        episodes = try EpisodeIndex(folder: folder, cameras: cameras).episodes()
        try checkTotals()
        try checkFiles()
    }

    /// The episode that holds a frame.
    ///
    /// - Throws: ``LeRobotError/outOfRange(what:index:count:)``.
    public func episode(ofFrame index: Int) throws(LeRobotError) -> Episode {
        guard index >= 0, index < frameCount else {
            throw .outOfRange(what: "frame", index: index, count: frameCount)
        }
        var range = 0 ..< episodes.count
        while range.count > 1 {
            let middle = range.lowerBound + range.count / 2
            range =
                episodes[middle].rows.lowerBound <= index
                ? middle ..< range.upperBound : range.lowerBound ..< middle
        }
        return episodes[range.lowerBound]
    }

    private static func tasks(in folder: URL) throws(LeRobotError) -> [String] {
        let file = folder.appending(path: "meta/tasks.parquet")
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw .missingFile(file.path, needed: "it lists the tasks")
        }
        let table = try ParquetReader(opening: file)
        let indices = try table.integers("task_index")
        // The texts are the index of a pandas table, which is not named in every version of LeRobot.
        let names = ["task", "__index_level_0__", "index"]
        let texts = try table.column(names.first(where: table.has) ?? "task").texts()
        guard indices.sorted() == Array(indices.indices) else {
            throw .wrongField(
                file: file.path,
                field: "task_index",
                expected: "every number from 0 to \(indices.count - 1) once",
                found: "\(indices.prefix(8))"
            )
        }
        var tasks = texts
        for (index, text) in zip(indices, texts) { tasks[index] = text }
        return tasks
    }

    private func checkTotals() throws(LeRobotError) {
        let totals = [
            ("total_episodes", info.totalEpisodes, episodes.count, "the rows of meta/episodes"),
            ("total_frames", info.totalFrames, frameCount, "the frames of meta/episodes"),
            ("total_tasks", info.totalTasks, tasks.count, "the rows of meta/tasks.parquet"),
        ]
        for (field, found, expected, source) in totals where found != expected {
            throw .wrongField(
                file: folder.appending(path: "meta/info.json").path,
                field: field,
                expected: "\(expected), \(source)",
                found: "\(found)"
            )
        }
    }

    /// Checks that every file is there, and that Parquet files hold as many rows as their episodes have frames.
    ///
    /// Only footers are read.
    private func checkFiles() throws(LeRobotError) {
        var frames: [FileLocation: Int] = [:]
        var seen: Set<String> = []
        for episode in episodes {
            frames[episode.dataFile, default: 0] += episode.length
            var paths = [info.dataPath(of: episode.dataFile)]
            paths += episode.videos.map { info.videoPath(of: $0.value.location, camera: $0.key) }
            for path in paths where seen.insert(path).inserted {
                let file = folder.appending(path: path).path
                guard FileManager.default.fileExists(atPath: file) else {
                    throw .missingFile(file, needed: "episode \(episode.index) is in it")
                }
            }
        }
        for (location, count) in frames.sorted(by: { $0.key < $1.key }) {
            let file = folder.appending(path: info.dataPath(of: location))
            let found = try ParquetReader(opening: file).rowCount
            guard found == count else {
                throw .wrongField(
                    file: file.path,
                    field: "number of rows",
                    expected: "\(count), the frames that meta/episodes puts here",
                    found: "\(found)"
                )
            }
        }
    }
}
