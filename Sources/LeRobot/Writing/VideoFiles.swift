import Foundation
import RobotTypes

/// The video files of one camera, episodes one after the other.
final class VideoFiles {
    private let folder: URL
    private let camera: PolicyContract.Camera
    private let fps: Double
    private let settings: VideoSettings
    private let maximumSize: Int
    private var location = FileLocation(chunk: 0, file: 0)
    private var encoder: VideoEncoder?

    /// Creates files below `folder`.
    init(folder: URL, camera: PolicyContract.Camera, description: DatasetDescription) {
        self.folder = folder
        self.camera = camera
        fps = description.fps
        settings = description.video
        maximumSize = description.videoFilesSizeInMB * 1_000_000
    }

    /// Writes an episode and returns its segment.
    func append(_ frames: [Image]) throws(LeRobotError) -> Episode.VideoSegment {
        let encoder = try encoder(for: frames.count)
        let first = encoder.frameCount
        for (index, frame) in frames.enumerated() { try encoder.append(frame, startsSequence: index == 0) }
        return Episode.VideoSegment(
            location: location,
            from: Double(first) / fps,
            to: Double(encoder.frameCount) / fps
        )
    }

    /// Closes the file being written.
    func finish() throws(LeRobotError) {
        try encoder?.finish()
        encoder = nil
    }

    /// Seconds in one file.
    ///
    /// LeRobot compares times as 32-bit numbers, whose steps exceed its tolerance of 0.1 ms after 1024 s.
    private static let maximumDuration = 1000.0

    private func encoder(for frameCount: Int) throws(LeRobotError) -> VideoEncoder {
        if let encoder, encoder.byteCount < maximumSize,
            Double(encoder.frameCount + frameCount) / fps <= Self.maximumDuration
        {
            return encoder
        }
        if encoder != nil {
            try finish()
            location = location.next(chunksSize: DatasetInfo.usualChunksSize)
        }
        let url = folder.appending(
            path: DatasetInfo.filled(DatasetInfo.defaultVideoPath, location, camera: camera.name)
        )
        try createParent(of: url)
        let created = try VideoEncoder(
            creating: url,
            width: camera.width,
            height: camera.height,
            fps: fps,
            settings: settings
        )
        encoder = created
        return created
    }
}
