public import Foundation

/// Recordings of a robot in a folder of format LeRobot v2.0, v2.1 or v3.0.
///
/// The value describes the dataset; numbers are read by ``loadTable(features:)``, images by
/// ``frame(at:camera:)``, ``frames(episode:camera:)`` or ``FrameStore``. What a dataset lacks fails only where it is used;
/// inconsistencies that are passed over are its ``warnings``.
///
/// Source: LeRobot, `src/lerobot/datasets` (<https://github.com/huggingface/lerobot>).
public struct LeRobotDataset: Sendable {
    /// Folder of the dataset.
    public let folder: URL

    /// Content of `meta/info.json`.
    public let info: DatasetInfo

    /// Instructions in plain words.
    public var tasks: [String] { taskList.texts }

    /// Episodes in order.
    public let episodes: [Episode]

    /// Names of the colour cameras of which there are images, sorted, for example `observation.images.corner2`.
    public let cameras: [String]

    /// Names of the depth cameras of which there are images, sorted.
    public let depthCameras: [String]

    /// Number of frames of all episodes together.
    public var frameCount: Int { episodes.last?.rows.upperBound ?? 0 }

    /// Inconsistencies found so far, each once; reading rows and images may add further ones.
    public var warnings: [DatasetWarning] { log.warnings }

    let log: WarningLog
    let taskList: TaskList
    let rowSource: RowSource
    let videoSource: VideoSource
    let damagedFiles: [LeRobotError]

    /// Opens a dataset: reads its metadata and sees which files are there.
    ///
    /// - Parameters:
    ///   - folder: The dataset's folder.
    ///   - warn: Called once for every inconsistency that is passed over, on any thread.
    /// - Throws: ``LeRobotError`` that names the file and field at fault.
    public init(
        opening folder: URL,
        warn: @escaping @Sendable (DatasetWarning) -> Void = { _ in }
    ) throws(LeRobotError) {
        try self.init(opening: folder, recoversEpisodes: false, warn: warn)
    }

    /// Opens a dataset.
    ///
    /// - Parameters:
    ///   - folder: The dataset's folder.
    ///   - recoversEpisodes: True to take the rows' own numbers where the list of episodes is absent or damaged.
    ///   - warn: Called once for every inconsistency that is passed over.
    /// - Throws: ``LeRobotError`` that names the file and field at fault.
    init(
        opening folder: URL,
        recoversEpisodes: Bool,
        warn: @escaping @Sendable (DatasetWarning) -> Void
    ) throws(LeRobotError) {
        self.folder = folder
        let log = WarningLog(report: warn)
        self.log = log
        var info = try DatasetInfo(readingFrom: folder, log: log)
        let videos = info.features.filter { $0.value.dtype == "video" }.keys.sorted()
        let list = try Self.list(of: folder, info, cameras: videos, recoversEpisodes: recoversEpisodes, log)
        var rows = EpisodeRows(folder: folder, info: info, list: list, log: log)
        let found = try rows.episodes()
        episodes = found.episodes
        damagedFiles = found.damaged
        taskList = TaskList(folder: folder, layout: info.layout, episodes: found.episodes, log: log)
        rowSource = RowSource(
            folder: folder,
            paths: found.paths,
            episodes: found.episodes,
            fps: info.fps,
            log: log
        )
        videoSource = VideoSource(
            folder: folder,
            info: info,
            cameras: videos,
            episodes: found.episodes,
            log: log
        )
        let columns = Self.columns(of: found, in: folder, &info, log)
        self.info = info
        let videoSource = videoSource
        let present = info.features.filter { name, feature in
            feature.isImage && (feature.dtype == "video" ? videoSource.has(name) : columns.contains(name))
        }
        cameras = present.filter { !$0.value.isDepth }.keys.sorted()
        depthCameras = present.filter { $0.value.isDepth }.keys.sorted()
        warnOfBounds(list)
        warnOfTotals()
        videoSource.warnOfAbsentFiles(list: list.source)
    }

    /// The episodes as the metadata list them, or as the rows do where that may serve.
    private static func list(
        of folder: URL,
        _ info: DatasetInfo,
        cameras: [String],
        recoversEpisodes: Bool,
        _ log: WarningLog
    ) throws(LeRobotError) -> EpisodeList {
        do throws(LeRobotError) {
            switch info.layout {
            case .filePerEpisode:
                return try EpisodeLines(folder: folder, info: info, cameras: cameras, log: log).list()
            case .sharedFiles:
                return try EpisodeTable(folder: folder, info: info, cameras: cameras, log: log).list()
            }
        } catch {
            guard recoversEpisodes else {
                throw error.hinting("or let 'faster data repair' list them by their rows")
            }
            return RecoveredEpisodes(folder: folder, info: info, cameras: cameras, log: log).list()
        }
    }

    /// Columns of the first data file.
    ///
    /// Those of images of one channel of 16 bits are marked as distances; action and state are described where
    /// `meta/info.json` does not.
    private static func columns(
        of found: EpisodeRows.Result,
        in folder: URL,
        _ info: inout DatasetInfo,
        _ log: WarningLog
    ) -> [String] {
        guard let piece = found.episodes.lazy.compactMap(\.pieces.first).first else { return [] }
        let file = folder.appending(path: found.paths[piece.file])
        guard let reader = try? ParquetReader(opening: file) else { return [] }
        for (name, feature) in info.features
        where feature.dtype == "image" && feature.channels.count == 1 && feature.video == nil {
            if ImageColumn.holdsDistances(name, in: reader) {
                info.features[name]?.video = VideoDescription(isDepthMap: true, depth: DepthCoding())
            }
        }
        let describesActions = info.features.keys.contains { $0.hasPrefix("action") }
        for (name, type) in reader.columns where info.features[name] == nil {
            guard name == DatasetInfo.state || name == "action" && !describesActions,
                let feature = Feature(rowsOf: name, type: type, in: reader)
            else { continue }
            info.features[name] = feature
            log.add(
                folder.appending(path: "meta/info.json").path,
                "features.\(name)",
                "is absent; the column is read as the rows have it, \(feature.dtype)\(feature.shape)"
            )
        }
        return reader.columns.map(\.name)
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

    /// Checks that every data file that was looked at can be read.
    ///
    /// - Throws: ``LeRobotError`` about the first one that cannot.
    public func checkDataFiles() throws(LeRobotError) {
        if let first = damagedFiles.first { throw first }
    }

    private func warnOfBounds(_ list: EpisodeList) {
        var listed = list.episodes[...]
        for episode in episodes {
            listed = listed.drop { $0.number < episode.number }
            guard let bounds = listed.first?.bounds, listed.first?.number == episode.number else { continue }
            for (field, found, expected) in [
                ("dataset_from_index", bounds.from, episode.rows.lowerBound),
                ("dataset_to_index", bounds.to, episode.rows.upperBound),
            ] where found != expected {
                log.add(
                    list.source,
                    field,
                    "episode \(episode.number) should have \(expected), has \(found); the rows' own numbers are taken"
                        + " (other episodes are not named)"
                )
                return
            }
        }
    }

    private func warnOfTotals() {
        for (field, found, expected) in [
            ("total_episodes", info.totalEpisodes, episodes.count),
            ("total_frames", info.totalFrames, frameCount),
            ("total_tasks", info.totalTasks, tasks.count),
        ] {
            guard let found, found != expected else { continue }
            log.add(
                folder.appending(path: "meta/info.json").path,
                field,
                "is \(found), the dataset has \(expected)"
            )
        }
    }
}
