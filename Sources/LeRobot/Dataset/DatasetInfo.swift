import Foundation

/// The content of `meta/info.json`.
public struct DatasetInfo: Encodable, Equatable, Sendable {
    /// Version of the format: `v3.0`, `v2.1` or `v2.0`.
    public var codebaseVersion = "v3.0"

    /// The robot that was recorded.
    public var robotType: String?

    /// Number of episodes, as the file says; the dataset's own count may differ.
    public var totalEpisodes: Int?

    /// Frames of all episodes together.
    public var totalFrames: Int?

    /// Number of different tasks.
    public var totalTasks: Int?

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

    static let defaultDataPathV2 = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
    static let defaultVideoPathV2 =
        "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4"

    /// Name of the robot's own state.
    public static let state = "observation.state"

    /// Name of the poses of objects, as only a simulator knows them.
    public static let environmentState = "observation.environment_state"

    /// Returns true if a feature may have a name, which a camera's files bear in their paths.
    static func isFeatureName(_ name: String) -> Bool {
        !name.isEmpty && !name.contains("/") && !name.hasPrefix(".")
    }

    /// Lowest rate that is believed, frames a second: times of one below it do not fit a video's clock.
    static let lowestRate = 1e-6

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
    /// Layout of the dataset's files.
    var layout: DatasetLayout { DatasetLayout(version: codebaseVersion) ?? .sharedFiles }

    /// Path of a Parquet file within the folder.
    func dataPath(of location: FileLocation) -> String { Self.filled(dataPath, location) }

    /// Path of a camera's video file within the folder.
    func videoPath(of location: FileLocation, camera: String) -> String {
        Self.filled(videoPath ?? layout.videoPath, location, camera: camera)
    }

    /// Puts numbers into a template in Python's notation: `{chunk_index:03d}`.
    static func filled(
        _ template: String,
        _ location: FileLocation,
        camera: String = "",
        frame: Int = 0
    ) -> String {
        PathTemplate(template).filled(location, camera: camera, frame: frame)
    }
}
