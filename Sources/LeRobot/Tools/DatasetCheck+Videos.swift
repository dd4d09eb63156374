import Foundation

extension DatasetCheck {
    /// Looks for a frame of every row in every camera's videos.
    mutating func checkVideos() {
        for (camera, file, episodes) in videoFiles.share(share.rank, of: share.size) {
            for episode in episodes {
                do throws(LeRobotError) {
                    guard try !checkFrames(of: episode, camera, file) else { continue }
                } catch { add(error) }
                // The error names a file's first episode that lacks frames.
                break
            }
        }
    }

    /// The videos of every camera, with the episodes in them.
    private var videoFiles: [(camera: String, file: URL, episodes: [Episode])] {
        var files: [(camera: String, file: URL, episodes: [Episode])] = []
        for camera in dataset.cameras + dataset.depthCameras {
            guard dataset.info.features[camera]?.dtype == "video" else { continue }
            var positions: [String: Int] = [:]
            for episode in dataset.episodes where episode.videos[camera] != nil {
                // Absent files are among the dataset's warnings.
                guard let file = try? dataset.videoSource.file(camera: camera, episode: episode) else {
                    continue
                }
                if let position = positions[file.path] {
                    files[position].episodes.append(episode)
                } else {
                    positions[file.path] = files.count
                    files.append((camera, file, [episode]))
                }
            }
        }
        return files
    }

    /// Returns true if every row of an episode has a frame.
    private mutating func checkFrames(of episode: Episode, _ camera: String, _ file: URL) throws(LeRobotError)
        -> Bool
    {
        let index = try dataset.videoSource.index(of: file, camera: camera, episode: episode)
        if !index.isOrdered {
            add(
                file.path,
                camera,
                "expected a presentation time in every packet, found none or equal ones; frames are counted",
                severity: .warning
            )
        }
        if index.missingCount > 0 {
            add(
                file.path,
                camera,
                "expected \(index.count + index.missingCount) frames, as the file's own index says, found \(index.count): the "
                    + "file is cut off or damaged"
            )
        }
        let missing = dataset.videoSource.alignment(
            camera: camera,
            episode: episode,
            index: index,
            times: try dataset.rowSource.times(of: episode)
        ).positions.enumerated().filter { $0.element == nil }
        guard let first = missing.first else { return true }
        add(
            file.path,
            camera,
            "episode \(episode.number): expected a frame for each of \(episode.length) rows, found none for "
                + "\(missing.count), the first is row \(first.offset); the file has \(index.count) frames, from "
                + "\(Float(index.times.first ?? 0)) s to \(Float(index.times.last ?? 0)) s"
        )
        return false
    }
}
