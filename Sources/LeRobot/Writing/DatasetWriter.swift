public import Foundation
public import RobotTypes
internal import Support

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
    private let folder: URL
    private let partial: URL
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
        let standard = folder.standardizedFileURL
        let content = try? FileManager.default.contentsOfDirectory(atPath: standard.path)
        guard content?.isEmpty ?? !FileManager.default.fileExists(atPath: standard.path) else {
            throw .unwritable(
                file: standard.path,
                reason: "it exists already; choose another folder or remove it"
            )
        }
        let partial = Self.partial(of: standard)
        try? FileManager.default.removeItem(at: partial)
        do throws(LeRobotError) { try createParent(of: partial.appending(path: "meta")) } catch {
            guard case .unwritable(_, let reason) = error else { throw error }
            throw .unwritable(file: standard.path, reason: reason)
        }
        self.folder = standard
        self.partial = partial
        self.description = description
        data = DataFiles(folder: partial, description: description)
        var videos: [String: VideoFiles] = [:]
        for camera in description.cameras {
            videos[camera.name] = VideoFiles(folder: partial, camera: camera, description: description)
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
        try? FileManager.default.removeItem(at: partial)
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
                file: folder.path,
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
        let location = try data.append(columns, episode: records.count, task: index(of: task), firstRow: row)
        var segments: [String: Episode.VideoSegment] = [:]
        for (camera, files) in videos { segments[camera] = try files.append(frames[camera] ?? []) }
        let episode = Episode(
            index: records.count,
            tasks: [task],
            rows: row ..< row + columns.length,
            dataFile: location,
            videos: segments
        )
        let summaries = totals.add(
            columns,
            frames: frames.filter { videos[$0.key] != nil },
            episode: episode,
            task: index(of: task)
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
                file: folder.path,
                reason: records.isEmpty
                    ? "a dataset needs at least one episode"
                    : "it is finished or given up, or an episode failed"
            )
        }
        state = .failed
        try data.finish()
        for files in videos.values { try files.finish() }
        let cameras = description.cameras.map(\.name)
        try EpisodesFile(records: records, cameras: cameras).write(to: partial)
        let metadata = MetadataFiles(folder: partial)
        try metadata.write(tasks: tasks)
        try metadata.write(totals.summaries(description), cameras: cameras)
        try metadata.write(info)
        try durably(folder) { try DurableFile.synchronizeAll(below: partial) }
        try renameFolder()
        state = .finished
        return try LeRobotDataset(opening: folder)
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

    private func renameFolder() throws(LeRobotError) {
        // rename(2) replaces an empty folder and refuses any other.
        guard rename(partial.path, folder.path) == 0 else {
            throw .unwritable(file: folder.path, reason: String(cString: strerror(errno)))
        }
        try durably(folder) { try DurableFile.synchronize(folder.deletingLastPathComponent()) }
    }

    /// The temporary folder, beside the final one so that leftovers are easy to see.
    private static func partial(of folder: URL) -> URL {
        let process = ProcessInfo.processInfo.processIdentifier
        return folder.deletingLastPathComponent()
            .appending(path: "\(folder.lastPathComponent).partial-\(process)")
    }
}
