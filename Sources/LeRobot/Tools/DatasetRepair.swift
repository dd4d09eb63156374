public import Foundation

/// The whole episodes of a dataset that is damaged or was interrupted.
public struct DatasetRepair {
    /// The episodes that can be written, for ``DatasetAssembly``.
    public let part: DatasetAssembly.Part

    /// Numbers of the episodes that are not whole, and the reasons.
    public let leftOut: [(episode: Int, reason: String)]

    /// Numbers of the episodes that are kept.
    public var kept: [Int] { part.episodes.map { part.dataset.episodes[$0].number } }

    /// Opens a dataset and looks for the episodes whose rows and images are all there.
    ///
    /// - Parameters:
    ///   - folder: The dataset's folder.
    ///   - warn: Called once for every inconsistency that is passed over.
    /// - Throws: ``LeRobotError`` when `meta/info.json` cannot be read, or no episode is whole.
    public init(
        opening folder: URL,
        warn: @escaping @Sendable (DatasetWarning) -> Void = { _ in }
    ) throws(LeRobotError) {
        let dataset = try LeRobotDataset(opening: folder, recoversEpisodes: true, warn: warn)
        var whole: [Int] = []
        var leftOut: [(episode: Int, reason: String)] = []
        for episode in dataset.episodes {
            do throws(LeRobotError) {
                try Self.check(episode, of: dataset)
                whole.append(episode.index)
            } catch { leftOut.append((episode.number, error.description)) }
        }
        guard !whole.isEmpty else {
            throw .unreadable(
                file: folder.path,
                reason: "no episode is whole"
                    + (leftOut.first.map { "; episode \($0.episode): \($0.reason)" } ?? "")
            )
        }
        part = DatasetAssembly.Part(dataset: dataset, episodes: whole)
        self.leftOut = leftOut
    }

    private static func check(_ episode: Episode, of dataset: LeRobotDataset) throws(LeRobotError) {
        guard !episode.pieces.isEmpty else {
            throw .missingFile(
                dataset.folder.appending(path: dataset.info.dataPath(of: episode.dataFile)).path,
                needed: "its rows are in it"
            )
        }
        // Also sees whether the rows can be put in order.
        let times = try dataset.rowSource.times(of: episode)
        for camera in dataset.cameras + dataset.depthCameras where episode.videos[camera] != nil {
            let file = try dataset.videoSource.file(camera: camera, episode: episode)
            let index = try dataset.videoSource.index(of: file)
            let missing = dataset.videoSource.alignment(
                camera: camera,
                episode: episode,
                index: index,
                times: times
            ).positions.filter { $0 == nil }.count
            guard missing == 0 else {
                throw .video(
                    file: file.path,
                    at: camera,
                    reason: "\(missing) of \(episode.length) rows have no frame"
                )
            }
        }
    }
}

/// Lists episodes by the rows' own `episode_index`, where the list of episodes is absent.
struct RecoveredEpisodes {
    let folder: URL
    let info: DatasetInfo
    let cameras: [String]
    let log: WarningLog

    /// All episodes in order; videos of shared files follow each other in the first file.
    func list() -> EpisodeList {
        let catalog = FileCatalog(folder: folder, template: info.dataPath, root: "data", endings: ["parquet"])
        var lengths: [Int: Int] = [:]
        for path in catalog.paths.sorted() {
            guard let reader = try? ParquetReader(opening: folder.appending(path: path)),
                let runs = try? RowRuns(reader).runs
            else { continue }
            for run in runs where run.episode >= 0 { lengths[run.episode, default: 0] += run.rows.count }
        }
        var seconds = 0.0
        let episodes = lengths.sorted { $0.key < $1.key }.map { number, length in
            let isShared = info.layout == .sharedFiles
            let location =
                isShared
                ? FileLocation(chunk: 0, file: 0)
                : FileLocation(chunk: number / info.chunksSize, file: number)
            let end = seconds + Double(length) / info.fps
            let segment = Episode.VideoSegment(
                location: location,
                from: isShared ? seconds : 0,
                to: isShared ? end : .infinity
            )
            seconds = end
            return ListedEpisode(
                number: number,
                tasks: [],
                length: length,
                dataFile: location,
                bounds: nil,
                videos: Dictionary(uniqueKeysWithValues: cameras.map { ($0, segment) })
            )
        }
        log.add(folder.path, "episodes", "there is no list of episodes; the rows' own episode_index is taken")
        return EpisodeList(episodes, source: folder.appending(path: "data").path, log: log)
    }
}
