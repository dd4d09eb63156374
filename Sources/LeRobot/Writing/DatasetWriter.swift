public import Foundation
public import RobotTypes

/// Writes a dataset of format LeRobot v3.0, episode by episode.
///
/// Files are written to a temporary folder, which ``finish()`` renames: a dataset is whole or absent.
///
/// ```swift
/// let writer = try DatasetWriter(creating: folder, DatasetDescription(fps: 20, robotType: "sawyer", ...))
/// try writer.addEpisode(frames: ["observation.images.corner2": images], states: states, actions: actions, task: "open the drawer")
/// let dataset = try writer.finish()
/// ```
public final class DatasetWriter {
    private let folder: PartialFolder
    private let description: DatasetDescription
    private let data: DataFiles
    private let videos: [String: VideoFiles]
    private var records: [EpisodeRecord] = []
    private var tasks: [String] = []
    private var taskIndices: [String: Int] = [:]
    private var totals = FeatureTotals()
    private var state = State.writing

    private enum State {
        case writing
        case failed
        case finished
        case discarded
    }

    /// Starts a dataset.
    ///
    /// - Parameters:
    ///   - folder: Folder of the dataset; must not exist yet, or be empty.
    ///   - description: Columns and cameras that all episodes have.
    /// - Throws: ``LeRobotError`` when the description cannot be written or the folder is taken.
    public init(creating folder: URL, _ description: DatasetDescription) throws(LeRobotError) {
        try description.check()
        let partial = try PartialFolder(for: folder)
        self.folder = partial
        self.description = description
        data = DataFiles(folder: partial.url, description: description)
        var videos: [String: VideoFiles] = [:]
        for camera in description.cameras {
            videos[camera.name] = VideoFiles(folder: partial.url, camera: camera, description: description)
        }
        self.videos = videos
    }

    deinit { discard() }

    /// Removes an unfinished dataset; a finished one stays as it is.
    ///
    /// Deinitialization does the same. Call it if other references may live longer, or the process ends.
    public func discard() {
        guard state != .finished, state != .discarded else { return }
        state = .discarded
        folder.discard()
    }

    /// Number of episodes so far.
    public var episodeCount: Int { records.count }

    /// Writes one more episode.
    ///
    /// - Parameters:
    ///   - frames: An image for every step, by camera.
    ///   - states: The state at every step, `[n][S]`; empty where the dataset has none.
    ///   - environmentStates: Poses of objects at every step, `[n][M]`; empty where the dataset does not say.
    ///   - actions: The action taken at every step, `[n][D]`.
    ///   - task: Instruction in plain words.
    /// - Throws: ``LeRobotError`` when lengths or sizes differ from the description, a value is not finite, or
    ///   a file cannot be written.
    public func addEpisode(
        frames: [String: [Image]] = [:],
        states: [[Float]] = [],
        environmentStates: [[Float]] = [],
        actions: [[Float]],
        task: String
    ) throws(LeRobotError) {
        guard state == .writing else {
            throw .unwritable(
                file: folder.final.path,
                reason: "the dataset is finished or given up, or an episode failed before"
            )
        }
        try EpisodeCheck(description, episode: "episode \(records.count)")
            .check(frames: frames, states: states, environmentStates: environmentStates, actions: actions)
        state = .failed
        let columns = EpisodeColumns(
            length: actions.count,
            features: [
                "action": actions.flatMap(\.self), DatasetInfo.state: states.flatMap(\.self),
                DatasetInfo.environmentState: environmentStates.flatMap(\.self),
            ].filter { !$0.value.isEmpty },
            timestamps: actions.indices.map { Float(Double($0) / description.fps) }
        )
        let row = records.last?.episode.rows.upperBound ?? 0
        let rowTasks = Array(repeating: index(of: task), count: columns.length)
        let location = try data.append(
            description.numericFeatures.map { .floats(columns.features[$0.name] ?? []) },
            timestamps: columns.timestamps,
            episode: records.count,
            tasks: rowTasks,
            firstRow: row
        )
        var segments: [String: Episode.VideoSegment] = [:]
        for (camera, files) in videos { segments[camera] = try files.append(frames[camera] ?? []) }
        let episode = Episode(
            index: records.count,
            tasks: [task],
            rows: row ..< row + columns.length,
            dataFile: location,
            videos: segments
        )
        let bookkeeping = episode.bookkeeping(timestamps: columns.timestamps, tasks: rowTasks)
        let rows = FeatureTotals.sampledRows(of: columns.length)
        let summaries = totals.add(
            columns.features.merging(bookkeeping) { $1 },
            length: columns.length,
            images: frames.filter { videos[$0.key] != nil }.mapValues { images in rows.map { images[$0] } }
        )
        records.append(EpisodeRecord(episode: episode, summaries: summaries))
        state = .writing
    }

    /// Writes the metadata and renames the temporary folder.
    ///
    /// - Returns: The dataset, opened.
    /// - Throws: ``LeRobotError`` when there is no episode or a file cannot be written.
    @discardableResult
    public func finish() throws(LeRobotError) -> LeRobotDataset {
        guard state == .writing, !records.isEmpty else {
            throw .unwritable(
                file: folder.final.path,
                reason: records.isEmpty
                    ? "a dataset needs at least one episode"
                    : "it is finished or given up, or an episode failed"
            )
        }
        state = .failed
        try data.finish()
        for files in videos.values { try files.finish() }
        let cameras = description.cameras.map(\.name)
        try EpisodesFile(records: records, cameras: cameras).write(to: folder.url)
        let metadata = MetadataFiles(folder: folder.url)
        try metadata.write(tasks: tasks)
        try metadata.write(totals.summaries(), cameras: cameras)
        try metadata.write(info)
        try folder.commit()
        state = .finished
        return try LeRobotDataset(opening: folder.final)
    }

    private var info: DatasetInfo {
        DatasetInfo(
            robotType: description.robotType,
            totalEpisodes: records.count,
            totalFrames: records.last?.episode.rows.upperBound ?? 0,
            totalTasks: tasks.count,
            dataFilesSizeInMB: description.dataFilesSizeInMB,
            videoFilesSizeInMB: description.videoFilesSizeInMB,
            fps: description.fps,
            splits: ["train": "0:\(records.count)"],
            dataPath: DatasetInfo.defaultDataPath,
            videoPath: description.cameras.isEmpty ? nil : DatasetInfo.defaultVideoPath,
            features: description.features
        )
    }

    private func index(of task: String) -> Int {
        if let index = taskIndices[task] { return index }
        taskIndices[task] = tasks.count
        tasks.append(task)
        return tasks.count - 1
    }
}
