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
        let damaged = Self.damagedFiles(of: dataset)
        var whole: [Int] = []
        var leftOut: [(episode: Int, reason: String)] = []
        for episode in dataset.episodes {
            do throws(LeRobotError) {
                for piece in episode.pieces { if let error = damaged[piece.file] { throw error } }
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

    /// Files that can be opened, and have a column that cannot be read.
    private static func damagedFiles(of dataset: LeRobotDataset) -> [Int: LeRobotError] {
        var damaged: [Int: LeRobotError] = [:]
        for (file, episodes) in dataset.rowSource.episodesOfFile.enumerated() where !episodes.isEmpty {
            do throws(LeRobotError) {
                let reader = try ParquetReader(opening: dataset.rowSource.url(file))
                for (name, feature) in dataset.info.features
                where feature.dtype != "video" && reader.has(name) {
                    for group in reader.groups.indices {
                        _ = try reader.column(name, groups: group ..< group + 1)
                    }
                }
            } catch { damaged[file] = error }
        }
        return damaged
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
            let index = try dataset.videoSource.index(of: file, camera: camera, episode: episode)
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

    /// All episodes in order.
    ///
    /// Videos of shared files follow each other; a camera with other numbers of frames than rows is left out, for nothing
    /// tells which frames are whose.
    func list() -> EpisodeList {
        let catalog = FileCatalog(folder: folder, template: info.dataPath, root: "data", endings: ["parquet"])
        var rows: [Int: Int] = [:]
        for path in catalog.paths.sorted() {
            let file = folder.appending(path: path)
            do throws(LeRobotError) {
                let runs = try RowRuns(try ParquetReader(opening: file)).runs ?? []
                for run in runs where run.episode >= 0 { rows[run.episode, default: 0] += run.rows.count }
            } catch { log.add(file.path, nil, "its episodes are left out: \(error)") }
        }
        let lengths = rows.sorted { $0.key < $1.key }.map { (number: $0.key, length: $0.value) }
        let shared = info.layout == .sharedFiles ? segments(lengths.map(\.length)) : [:]
        let episodes = lengths.enumerated().map { position, episode in
            let isShared = info.layout == .sharedFiles
            let location =
                isShared
                ? FileLocation(chunk: 0, file: 0)
                : FileLocation(chunk: episode.number / info.chunksSize, file: episode.number)
            let whole = Episode.VideoSegment(location: location, from: 0, to: .infinity)
            let videos =
                isShared
                ? shared.mapValues { $0[position] }
                : Dictionary(uniqueKeysWithValues: cameras.map { ($0, whole) })
            return ListedEpisode(
                number: episode.number,
                tasks: [],
                length: episode.length,
                dataFile: location,
                bounds: nil,
                videos: videos
            )
        }
        log.add(folder.path, "episodes", "there is no list of episodes; the rows' own episode_index is taken")
        return EpisodeList(episodes, source: folder.appending(path: "data").path, log: log)
    }

    /// Segments of every camera whose files have a frame for every row, in order.
    private func segments(_ lengths: [Int]) -> [String: [Episode.VideoSegment]] {
        let catalog = VideoSource.catalog(folder: folder, info: info, cameras: cameras)
        var found: [String: [Episode.VideoSegment]] = [:]
        for camera in cameras {
            var segments: [Episode.VideoSegment] = []
            var location = FileLocation(chunk: 0, file: 0)
            var left = 0
            var total = 0
            for length in lengths {
                if left == 0 {
                    if total > 0 { location = location.next(chunksSize: info.chunksSize) }
                    let path = catalog.path(of: location, camera: camera)
                    total = path.flatMap { try? VideoIndex(reading: folder.appending(path: $0)).count } ?? 0
                    left = total
                }
                guard left >= length else { break }
                let first = Double(total - left) / info.fps
                segments.append(
                    Episode.VideoSegment(
                        location: location,
                        from: first,
                        to: first + Double(length) / info.fps
                    )
                )
                left -= length
            }
            if segments.count == lengths.count, left == 0 {
                found[camera] = segments
            } else {
                log.add(
                    folder.path,
                    camera,
                    "its videos have other numbers of frames than there are rows; without a list of episodes it is left out"
                )
            }
        }
        return found
    }
}
