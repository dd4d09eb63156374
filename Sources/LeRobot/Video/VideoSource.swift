import Foundation
import Synchronization

/// The video files of a dataset, and the frames in them of every row.
final class VideoSource: Sendable {
    private let folder: URL
    private let info: DatasetInfo
    private let catalog: FileCatalog
    private let cameras: [String]
    private let episodes: [Episode]
    private let log: WarningLog
    private let indices = Mutex<[String: VideoIndex]>([:])
    private let episodesByFile = Mutex<[String: [FileLocation: [Int]]]>([:])

    init(folder: URL, info: DatasetInfo, cameras: [String], episodes: [Episode], log: WarningLog) {
        self.folder = folder
        self.info = info
        self.cameras = cameras
        self.episodes = episodes
        self.log = log
        catalog = Self.catalog(folder: folder, info: info, cameras: cameras)
    }

    /// The video files that are present.
    static func catalog(folder: URL, info: DatasetInfo, cameras: [String]) -> FileCatalog {
        FileCatalog(
            folder: folder,
            template: info.videoPath ?? info.layout.videoPath,
            root: "videos",
            endings: ["mp4", "mkv", "mov", "avi", "webm", "m4v"],
            cameras: cameras
        )
    }

    /// The file of an episode's frames.
    ///
    /// - Throws: ``LeRobotError`` where the episode lacks the camera, or the file is absent.
    func file(camera: String, episode: Episode) throws(LeRobotError) -> URL {
        guard let segment = episode.videos[camera] else {
            throw .video(
                file: folder.path,
                at: "'\(camera)' of episode \(episode.index)",
                reason: "absent: the camera was not recorded in this episode, as the list of episodes says"
            )
        }
        guard let path = path(of: segment.location, camera: camera) else {
            throw .missingFile(
                folder.appending(path: catalog.expectedPath(of: segment.location, camera: camera)).path,
                needed:
                    "episode \(episode.index) of '\(camera)' is in it; fetch the file, or leave the episode or the "
                    + "camera out"
            )
        }
        return folder.appending(path: path)
    }

    private func path(of location: FileLocation, camera: String) -> String? {
        if let path = catalog.path(of: location, camera: camera) { return path }
        return info.layout == .filePerEpisode ? catalog.path(number: location.file, camera: camera) : nil
    }

    /// Returns true if there is a file of a camera for at least one episode.
    func has(_ camera: String) -> Bool {
        episodes.contains { episode in
            episode.videos[camera].map { path(of: $0.location, camera: camera) != nil } ?? false
        }
    }

    /// The frames of a file with an episode's, read once.
    func index(of file: URL, camera: String, episode: Episode) throws(LeRobotError) -> VideoIndex {
        if let known = indices.withLock({ $0[file.path] }) { return known }
        let rows = episode.videos[camera].map { segment in
            episodes(in: segment.location, camera: camera).reduce(0) { $0 + episodes[$1].length }
        }
        let index = try VideoIndex(reading: file, rows: rows)
        if abs(index.rotation) > 1 {
            log.add(
                file.path,
                camera,
                "players turn the video by \(Int(index.rotation.rounded())) degrees; frames are given as they are stored, "
                    + "without the rotation (other files are not named)",
                once: "rotation \(camera)"
            )
        }
        indices.withLock { $0[file.path] = index }
        return index
    }

    /// Frames of an episode's rows, by their position in the file.
    func alignment(
        camera: String,
        episode: Episode,
        index: VideoIndex,
        times: [Double]?
    ) -> FrameAlignment {
        guard let segment = episode.videos[camera] else {
            return FrameAlignment(
                .init(length: episode.length, times: nil, from: 0, to: 0, framesBefore: nil, earliest: 0),
                frameTimes: [],
                fps: info.fps
            )
        }
        let sharing = self.episodes(in: segment.location, camera: camera)
        let rows = sharing.reduce(0) { $0 + episodes[$1].length }
        let before = sharing.prefix { $0 != episode.index }.reduce(0) { $0 + episodes[$1].length }
        let alignment = FrameAlignment(
            .init(
                length: episode.length,
                times: times,
                from: segment.from,
                to: segment.to,
                framesBefore: rows == index.count ? before : nil,
                earliest: sharing.first.flatMap { episodes[$0].videos[camera]?.from } ?? 0,
                lostStart: index.startsMidway
            ),
            // Without presentation times in the packets, only a regular grid of times can be used.
            frameTimes: index.isOrdered || index.isRegular || rows == index.count ? index.times : [],
            fps: info.fps
        )
        let first = index.times.first ?? 0
        let earliest = sharing.first.flatMap { episodes[$0].videos[camera]?.from } ?? 0
        if alignment.rule == .times, abs(first) > 1e-3, abs(earliest) > 1e-3, abs(first - earliest) > 1e-3 {
            log.add(
                folder.path,
                camera,
                "a video begins at \(first) s, its first listed episode at \(earliest) s: times are counted from the "
                    + "video's first frame",
                once: "begin \(camera)"
            )
        }
        warn(alignment, camera: camera, episode: episode, frames: index.count, rows: rows)
        return alignment
    }

    /// Episodes whose frames are in a file, in the order of their segments.
    private func episodes(in location: FileLocation, camera: String) -> [Int] {
        let known = episodesByFile.withLock { episodesByFile in
            if let known = episodesByFile[camera] { return known }
            var found: [FileLocation: [Int]] = [:]
            for episode in episodes {
                if let segment = episode.videos[camera] {
                    found[segment.location, default: []].append(episode.index)
                }
            }
            found = found.mapValues { indices in
                indices.sorted {
                    (episodes[$0].videos[camera]?.from ?? 0, $0) < (
                        episodes[$1].videos[camera]?.from ?? 0, $1
                    )
                }
            }
            episodesByFile[camera] = found
            return found
        }
        return known[location] ?? []
    }

    private func warn(_ alignment: FrameAlignment, camera: String, episode: Episode, frames: Int, rows: Int) {
        let missing = alignment.positions.filter { $0 == nil }.count
        let text: String
        switch alignment.rule {
        case .order: return
        case .times where missing == 0: return
        case .orderAgainstTimes, .segmentOrder:
            text =
                "the column timestamp differs from the video's times; frames are matched to rows by their order, as "
                + "there are as many"
        case .times, .none:
            text =
                "the video has \(frames) frames for \(rows) rows; \(missing) rows of episode \(episode.index) have no "
                + "frame at their time, and fail where they are used"
        }
        log.add(
            folder.path,
            camera,
            text + " (other episodes are not named)",
            once: "\(alignment.rule) \(camera)"
        )
    }

    /// Warns of cameras whose files are absent.
    func warnOfAbsentFiles(list: String) {
        for camera in cameras {
            let located = episodes.compactMap { $0.videos[camera]?.location }
            if located.isEmpty, !episodes.isEmpty {
                log.add(
                    folder.path,
                    camera,
                    "meta/info.json describes it, the list of episodes has no video of it: absent"
                )
            }
            let absent = Set(located).filter { path(of: $0, camera: camera) == nil }
            guard let first = absent.min() else { continue }
            log.add(
                folder.path,
                camera,
                "\(absent.count) of \(Set(located).count) video files are absent, the first is "
                    + catalog.expectedPath(of: first, camera: camera)
            )
        }
    }
}
