public import Foundation
import Support

/// A dataset of format LeRobot v3.0 that grows by one episode at a time, and is whole after each.
///
/// Every episode has files of its own: one Parquet file, one video a camera, and one file of `meta/episodes`. They are
/// written to a hidden folder, flushed to the disk and renamed, in an order in which LeRobot and this package read the
/// dataset after each rename: videos, tasks, rows, list of episodes, statistics, `meta/info.json`.
///
/// ```swift
/// let dataset = try GrowingDataset(opening: folder, fps: 10)
/// let episode = try await dataset.begin(features)
/// try await episode.append(frame)
/// let index = try await dataset.save(episode)
/// await dataset.close()
/// ```
public actor GrowingDataset {
    /// Folder of the dataset.
    public nonisolated let folder: URL

    /// Frames a second.
    public nonisolated let fps: Double

    /// Features of the episodes, without bookkeeping; nil while there is no episode.
    public private(set) var features: [String: Feature]?

    /// Number of saved episodes.
    public private(set) var episodeCount = 0

    /// Frames of the saved episodes.
    public private(set) var frameCount = 0

    /// Instructions of the saved episodes.
    public private(set) var tasks: [String] = []

    private let robotType: String?
    private let video: VideoSettings
    private let workplace: RecordingFolder
    private var summaries: [String: ColumnSummary] = [:]
    private var begunCount = 0

    /// Starts a dataset, or opens one that was recorded here before, to add episodes.
    ///
    /// Remains of an unfinished episode of an interrupted recorder are removed.
    ///
    /// - Parameters:
    ///   - folder: Folder of the dataset; absent, empty, or with a recording of the same rate.
    ///   - fps: Frames a second.
    ///   - robotType: The robot; nil for that of the present recording, or none.
    ///   - video: Codec and quality of the videos.
    /// - Throws: ``LeRobotError`` when the folder holds anything else, or another program records into it.
    public init(
        opening folder: URL,
        fps: Double,
        robotType: String? = nil,
        video: VideoSettings = .dataset
    ) throws(LeRobotError) {
        guard fps >= DatasetInfo.lowestRate, fps <= 100_000 else {
            throw .invalidData(field: "fps", expected: "a number from 1e-6 to 1e5", found: "\(fps)")
        }
        let folder = folder.standardizedFileURL
        self.folder = folder
        self.fps = fps
        self.video = video
        let former = try FormerRecording(folder, fps: fps)
        workplace = try RecordingFolder(in: folder)
        self.robotType = robotType ?? former?.dataset.info.robotType
        guard let former else {
            FormerRecording.removeUnlisted(in: folder)
            return
        }
        features = former.features
        episodeCount = former.dataset.episodes.count
        frameCount = former.dataset.frameCount
        tasks = former.dataset.tasks
        summaries = try former.summaries()
        guard workplace.isRecovery else { return }
        former.removeRemains()
        let isBehind = former.dataset.info.totalEpisodes != former.dataset.episodes.count
        if isBehind || former.dataset.info.totalTasks != former.dataset.tasks.count {
            let metadata = MetadataFiles(folder: folder)
            try metadata.write(summaries, cameras: Self.cameras(in: former.features))
            var info = former.dataset.info
            info.totalTasks = former.dataset.tasks.count
            try metadata.write(Self.info(of: info, episodes: episodeCount, frames: frameCount))
        }
    }

    /// Begins an episode of some features: `video`, `float32`, `float64`, `int64` or `bool`.
    ///
    /// - Throws: ``LeRobotError`` for features that are not those of the episodes before, or cannot be recorded.
    public func begin(_ features: [String: Feature]) throws(LeRobotError) -> EpisodeRecording {
        try check(features)
        for (name, feature) in features {
            guard DatasetInfo.isFeatureName(name), DatasetInfo.bookkeeping[name] == nil else {
                throw .invalidData(field: "features", expected: "names of features", found: "'\(name)'")
            }
            guard feature.dtype == "video" || FrameValues(emptyOf: feature.dtype) != nil else {
                throw .unsupportedFeature(name, dtype: feature.dtype)
            }
        }
        begunCount += 1
        return try EpisodeRecording(
            folder: workplace.url.appending(path: "episode-\(begunCount)"),
            features: features,
            fps: fps,
            video: video
        )
    }

    /// Compares an episode's features with those of the episodes before, of which there may be none yet when it begins.
    private func check(_ features: [String: Feature]) throws(LeRobotError) {
        guard let present = self.features, present != features else { return }
        let texts = [present, features].map { features in
            features.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.dtype)\($0.value.shape)" }
                .joined(separator: ", ")
        }
        throw .invalidData(
            field: "features",
            expected: "\(texts[0]), as in \(folder.path)",
            found: texts[1]
        )
    }

    /// The feature of a camera of this dataset.
    public nonisolated func cameraFeature(height: Int, width: Int) -> Feature {
        Feature(videoOfHeight: height, width: width, fps: fps, settings: video)
    }

    /// Adds an episode, which is on the disk when this returns.
    ///
    /// - Returns: The index of the episode.
    /// - Throws: ``LeRobotError`` for an episode that was begun with other features than those of one saved since, or when a
    ///   file cannot be written; the dataset stays as it was.
    public func save(_ episode: EpisodeRecording) async throws(LeRobotError) -> Int {
        let content = try await episode.finish()
        try check(episode.features)
        return try add(content, features: episode.features)
    }

    private func add(_ content: EpisodeRecording.Content, features: [String: Feature]) throws(LeRobotError)
        -> Int
    {
        let location = FormerRecording.location(of: episodeCount)
        var tasks = self.tasks
        var taskIndices: [Int] = []
        for task in content.tasks {
            let index = tasks.firstIndex(of: task) ?? tasks.count
            if index == tasks.count { tasks.append(task) }
            taskIndices.append(index)
        }
        let timestamps = (0 ..< content.length).map { Float(Double($0) / fps) }
        try writeRows(of: content, features, timestamps, taskIndices)
        let end = Double(content.length) / fps
        let episode = Episode(
            index: episodeCount,
            tasks: Set(taskIndices).sorted().map { tasks[$0] },
            rows: frameCount ..< frameCount + content.length,
            dataFile: location,
            videos: content.videos.mapValues { _ in .init(location: location, from: 0, to: end) }
        )
        let own = self.summaries(of: content, episode, timestamps, taskIndices)
        let cameras = Self.cameras(in: features)
        var list = EpisodesFile(
            records: [EpisodeRecord(episode: episode, summaries: own)],
            cameras: cameras
        )
        list.location = location
        try list.write(to: content.folder)
        let merged = summaries.merging(own) { ColumnSummary(merging: [$0, $1]) ?? $1 }
        let metadata = MetadataFiles(folder: content.folder)
        try metadata.write(tasks: tasks)
        try metadata.write(merged, cameras: cameras)
        try metadata.write(info(features, tasks: tasks.count, adding: content.length))
        try move(content, to: location)
        self.features = features
        self.tasks = tasks
        summaries = merged
        episodeCount += 1
        frameCount += content.length
        return episode.index
    }

    /// Writes the Parquet file of an episode into its folder.
    private func writeRows(
        of content: EpisodeRecording.Content,
        _ features: [String: Feature],
        _ timestamps: [Float],
        _ tasks: [Int]
    ) throws(LeRobotError) {
        let names = content.numbers.keys.sorted()
        let data = DataFiles(
            folder: content.folder,
            fields: names.map { name in
                let feature = features[name] ?? Feature(dtype: "float32", shape: [1])
                return ParquetFieldSpec(
                    name,
                    .init(dtype: feature.dtype) ?? .float,
                    feature.dimension == 1 ? .scalar : .fixedList(feature.dimension)
                )
            },
            maximumSizeInMB: 100
        )
        _ = try data.append(
            names.map { content.numbers[$0]?.parquet ?? .floats([]) },
            timestamps: timestamps,
            episode: episodeCount,
            tasks: tasks,
            firstRow: frameCount
        )
        try data.finish()
    }

    /// Renames the files of an episode; the order is that of the type's description.
    private func move(_ content: EpisodeRecording.Content, to location: FileLocation) throws(LeRobotError) {
        let first = FileLocation(chunk: 0, file: 0)
        let data = DatasetInfo.defaultDataPath
        let list = DatasetInfo.filled(DatasetInfo.defaultEpisodesPath, location)
        let videos = content.videos.map { camera, file in
            (
                file.lastPathComponent,
                DatasetInfo.filled(DatasetInfo.defaultVideoPath, location, camera: camera)
            )
        }
        let others = ["meta/tasks.parquet", list, "meta/stats.json", "meta/info.json"].map { ($0, $0) }
        var moves = videos + others
        moves.insert(
            (DatasetInfo.filled(data, first), DatasetInfo.filled(data, location)),
            at: videos.count + 1
        )
        try durably(folder) {
            try DurableFile.synchronizeAll(below: content.folder)
            for (from, to) in moves {
                try DurableFile.move(content.folder.appending(path: from), to: folder.appending(path: to))
            }
        }
    }

    private func summaries(
        of content: EpisodeRecording.Content,
        _ episode: Episode,
        _ timestamps: [Float],
        _ tasks: [Int]
    ) -> [String: ColumnSummary] {
        let columns = content.numbers.mapValues(\.floats)
            .merging(episode.bookkeeping(timestamps: timestamps, tasks: tasks)) { $1 }
        var totals = FeatureTotals()
        return totals.add(columns, length: content.length, images: [:])
            .merging(content.colors.mapValues(\.summary)) { $1 }
    }

    private func info(_ features: [String: Feature], tasks: Int, adding frames: Int) -> DatasetInfo {
        let info = DatasetInfo(
            robotType: robotType,
            totalTasks: tasks,
            fps: fps,
            dataPath: DatasetInfo.defaultDataPath,
            videoPath: Self.cameras(in: features).isEmpty ? nil : DatasetInfo.defaultVideoPath,
            features: features.merging(DatasetInfo.bookkeeping) { $1 }
        )
        return Self.info(of: info, episodes: episodeCount + 1, frames: frameCount + frames)
    }

    private static func info(of info: DatasetInfo, episodes: Int, frames: Int) -> DatasetInfo {
        var info = info
        info.totalEpisodes = episodes
        info.totalFrames = frames
        info.splits = ["train": "0:\(episodes)"]
        return info
    }

    private static func cameras(in features: [String: Feature]) -> [String] {
        features.filter { $0.value.dtype == "video" }.keys.sorted()
    }

    /// Removes the hidden folder, with every episode that is not saved; and the dataset's, where there is no episode.
    public func close() {
        workplace.remove()
        // rmdir(2) leaves a folder that holds anything.
        if episodeCount == 0 { rmdir(folder.path) }
    }
}
