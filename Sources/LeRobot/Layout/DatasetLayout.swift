import Foundation

/// Arrangement of a dataset's files.
enum DatasetLayout {
    /// LeRobot v2.0 and v2.1: an episode a file, lists in JSON lines.
    case filePerEpisode

    /// LeRobot v3: many episodes a file, lists in Parquet.
    case sharedFiles

    /// The layout of a version, `v3.0` or `3.0`; nil for a version that is not read.
    init?(version: String) {
        let numbers = version.drop { $0 == "v" || $0 == "V" }.split(separator: ".")
        switch numbers.first.flatMap({ Int($0) }) {
        case 2: self = .filePerEpisode
        case 3: self = .sharedFiles
        default: return nil
        }
    }

    /// The layout that the files present suggest; nil where they suggest none, or both.
    init?(lookingAt folder: URL) {
        let manager = FileManager.default
        func has(_ path: String) -> Bool { manager.fileExists(atPath: folder.appending(path: path).path) }
        let isOld = has("meta/episodes.jsonl") || has("meta/tasks.jsonl")
        let isNew = has("meta/episodes") || has("meta/tasks.parquet")
        guard isOld != isNew else { return nil }
        self = isOld ? .filePerEpisode : .sharedFiles
    }

    /// Template of the path of a Parquet file.
    var dataPath: String {
        self == .filePerEpisode ? DatasetInfo.defaultDataPathV2 : DatasetInfo.defaultDataPath
    }

    /// Template of the path of a video file.
    var videoPath: String {
        self == .filePerEpisode ? DatasetInfo.defaultVideoPathV2 : DatasetInfo.defaultVideoPath
    }

    /// The layout in words.
    var description: String {
        self == .filePerEpisode
            ? "v2.1 (meta/episodes.jsonl, data/chunk-000/episode_000000.parquet)"
            : "v3.0 (meta/episodes, data/chunk-000/file-000.parquet)"
    }
}
