import Foundation

/// What `meta/info.json` says.
public struct DatasetInfo: Codable, Equatable, Sendable {
    /// Version of the format, `v3.0`.
    public var codebaseVersion = "v3.0"

    /// The robot that was recorded.
    public var robotType: String?

    /// Number of episodes.
    public var totalEpisodes: Int

    /// Frames of all episodes together.
    public var totalFrames: Int

    /// Number of different tasks.
    public var totalTasks: Int

    /// Files in one chunk folder.
    public var chunksSize = Self.usualChunksSize

    /// Size at which a new Parquet file is begun, megabytes.
    public var dataFilesSizeInMB = 100

    /// Size at which a new video file is begun, megabytes.
    public var videoFilesSizeInMB = 200

    /// Frames a second.
    public var fps: Double

    /// Episodes of every split, for example `"train": "0:120"`.
    public var splits: [String: String]?

    /// Template of the path of a Parquet file.
    public var dataPath: String

    /// Template of the path of a video file; nil without cameras.
    public var videoPath: String?

    /// All columns and cameras by name.
    public var features: [String: Feature]

    private enum CodingKeys: String, CodingKey {
        case codebaseVersion = "codebase_version"
        case robotType = "robot_type"
        case totalEpisodes = "total_episodes"
        case totalFrames = "total_frames"
        case totalTasks = "total_tasks"
        case chunksSize = "chunks_size"
        case dataFilesSizeInMB = "data_files_size_in_mb"
        case videoFilesSizeInMB = "video_files_size_in_mb"
        case fps
        case splits
        case dataPath = "data_path"
        case videoPath = "video_path"
        case features
    }

    static let usualChunksSize = 1000
    static let defaultDataPath = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
    static let defaultVideoPath = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
    static let defaultEpisodesPath = "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"

    /// What the robot knows about itself.
    public static let state = "observation.state"

    /// Where things are, as only a simulator knows.
    public static let environmentState = "observation.environment_state"

    /// Columns that every dataset has besides those of the robot.
    static let bookkeeping = [
        "timestamp": Feature(dtype: "float32", shape: [1]),
        "frame_index": Feature(dtype: "int64", shape: [1]),
        "episode_index": Feature(dtype: "int64", shape: [1]),
        "index": Feature(dtype: "int64", shape: [1]),
        "task_index": Feature(dtype: "int64", shape: [1]),
    ]
}

extension DatasetInfo {
    /// Reads the description; what only a writer needs may be absent.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func size(_ key: CodingKeys, else standard: Int) throws -> Int {
            try values.decodeIfPresent(Int.self, forKey: key) ?? standard
        }
        self.init(
            codebaseVersion: try values.decode(String.self, forKey: .codebaseVersion),
            robotType: try values.decodeIfPresent(String.self, forKey: .robotType),
            totalEpisodes: try values.decode(Int.self, forKey: .totalEpisodes),
            totalFrames: try values.decode(Int.self, forKey: .totalFrames),
            totalTasks: try values.decode(Int.self, forKey: .totalTasks),
            chunksSize: try size(.chunksSize, else: Self.usualChunksSize),
            dataFilesSizeInMB: try size(.dataFilesSizeInMB, else: 100),
            videoFilesSizeInMB: try size(.videoFilesSizeInMB, else: 200),
            fps: try values.decode(Double.self, forKey: .fps),
            splits: try values.decodeIfPresent([String: String].self, forKey: .splits),
            dataPath: try values.decode(String.self, forKey: .dataPath),
            videoPath: try values.decodeIfPresent(String.self, forKey: .videoPath),
            features: try values.decode([String: Feature].self, forKey: .features)
        )
    }

    /// Reads the file of a dataset's folder.
    init(readingFrom folder: URL) throws(LeRobotError) {
        let file = folder.appending(path: "meta/info.json")
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue
        else {
            throw .noSuchFolder(folder.path)
        }
        guard FileManager.default.fileExists(atPath: file.path) else { throw .notADataset(folder.path) }
        let version = try decodedJSON(Version.self, from: file).codebaseVersion
        guard version == "v3.0" else { throw .unsupportedVersion(folder: folder.path, found: version) }
        self = try decodedJSON(DatasetInfo.self, from: file)
        guard fps.isFinite, fps > 0, fps < 1e6 else {
            throw .wrongField(file: file.path, field: "fps", expected: "a positive number", found: "\(fps)")
        }
        for (name, total) in [
            ("total_episodes", totalEpisodes), ("total_frames", totalFrames), ("total_tasks", totalTasks),
        ] where total < 0 {
            throw .wrongField(file: file.path, field: name, expected: "at least 0", found: "\(total)")
        }
    }

    /// Path of a Parquet file within the folder.
    func dataPath(of location: FileLocation) -> String { Self.filled(dataPath, location) }

    /// Path of a camera's video file within the folder.
    func videoPath(of location: FileLocation, camera: String) -> String {
        Self.filled(videoPath ?? Self.defaultVideoPath, location, camera: camera)
    }

    /// Puts numbers into a template in Python's notation: `{chunk_index:03d}`.
    static func filled(_ template: String, _ location: FileLocation, camera: String = "") -> String {
        var path = template.replacingOccurrences(of: "{video_key}", with: camera)
        for (name, number) in [("chunk_index", location.chunk), ("file_index", location.file)] {
            for digits in [3, 4, 6] {
                let text = String(number)
                let padded = String(repeating: "0", count: max(0, digits - text.count)) + text
                path = path.replacingOccurrences(of: "{\(name):0\(digits)d}", with: padded)
            }
            path = path.replacingOccurrences(of: "{\(name)}", with: String(number))
        }
        return path
    }

    /// The one field that every version of the format has.
    private struct Version: Decodable {
        let codebaseVersion: String

        enum CodingKeys: String, CodingKey {
            case codebaseVersion = "codebase_version"
        }
    }
}

/// Place of a file in the chunked layout.
public struct FileLocation: Hashable, Sendable, Comparable {
    /// Number of the folder.
    public let chunk: Int

    /// Number of the file in the folder.
    public let file: Int

    /// Names the place of a file.
    public init(chunk: Int, file: Int) {
        self.chunk = chunk
        self.file = file
    }

    /// The order in which files are written.
    public static func < (left: Self, right: Self) -> Bool {
        (left.chunk, left.file) < (right.chunk, right.file)
    }

    /// The place after this one, with at most `chunksSize` files a folder.
    func next(chunksSize: Int) -> FileLocation {
        file + 1 < chunksSize
            ? FileLocation(chunk: chunk, file: file + 1) : FileLocation(chunk: chunk + 1, file: 0)
    }
}
