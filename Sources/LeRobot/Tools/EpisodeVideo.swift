public import Foundation
import RobotTypes
import Support

extension LeRobotDataset {
    /// An episode of a camera as a video to be watched: H.264 that every browser plays, one frame a row.
    ///
    /// Frames are encoded one by one; a camera's clock is not kept, so that row `i` is shown from `i / fps` on.
    ///
    /// - Parameters:
    ///   - episode: Position of the episode, `0 ..< episodes.count`.
    ///   - camera: One of ``cameras``.
    /// - Returns: Bytes of an MP4 file.
    /// - Throws: ``LeRobotError`` when there is no such episode or camera, or an image is absent or damaged.
    public func watchableVideo(episode: Int, camera: String) throws(LeRobotError) -> Data {
        guard episodes.indices.contains(episode) else {
            throw .outOfRange(what: "episode", index: episode, count: episodes.count)
        }
        let episode = episodes[episode]
        let file = FileManager.default.temporaryDirectory.appending(path: "faster-\(UUID().uuidString).mp4")
        defer { try? FileManager.default.removeItem(at: file) }
        var encoder: VideoEncoder?
        var failure: LeRobotError?
        let frames = 0 ..< episode.length
        try FrameReader(self).forEachImage(camera: camera, episode: episode, frames: frames) { image in
            guard failure == nil else { return }
            do throws(LeRobotError) {
                let image = image.croppedToEvenSize
                if encoder == nil {
                    encoder = try VideoEncoder(
                        creating: file,
                        width: image.width,
                        height: image.height,
                        fps: info.fps,
                        settings: .stepping
                    )
                }
                try encoder?.append(image)
            } catch { failure = error }
        }
        if let failure { throw failure }
        try encoder?.finish()
        do { return try Data(contentsOf: file) } catch {
            throw .unreadable(file: file.path, reason: "\(error.localizedDescription)")
        }
    }
}

extension VideoSettings {
    /// For videos that a reader steps through: as ``watching``, with more keyframes.
    fileprivate static let stepping = VideoSettings(
        codec: .h264,
        chroma: .halved,
        quality: 23,
        preset: "fast",
        keyframeInterval: 10
    )
}
