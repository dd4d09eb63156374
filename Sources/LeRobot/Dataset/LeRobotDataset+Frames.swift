import Foundation
public import RobotTypes

extension LeRobotDataset {
    /// The picture of a camera at a frame.
    ///
    /// - Parameters:
    ///   - index: Position within the dataset, `0 ..< frameCount`.
    ///   - camera: One of ``cameras``.
    /// - Returns: The decoded picture.
    /// - Throws: ``LeRobotError`` when there is no such frame or camera, or the video is damaged there.
    /// - Complexity: Opens the video for every call; for many frames use ``FrameStore``.
    public func frame(at index: Int, camera: String) throws(LeRobotError) -> Image {
        let episode = try self.episode(ofFrame: index)
        let decoder = try self.decoder(camera: camera, episode: episode)
        let first = index - episode.rows.lowerBound
        return Image(
            width: decoder.width,
            height: decoder.height,
            pixels: try pixels(of: episode, camera: camera, frames: first ..< first + 1, with: decoder)
        )
    }

    /// All pictures of a camera in an episode.
    ///
    /// - Parameters:
    ///   - episode: Position of the episode, `0 ..< episodes.count`.
    ///   - camera: One of ``cameras``.
    /// - Returns: The decoded pictures, one a frame.
    /// - Throws: ``LeRobotError`` when there is no such episode or camera, or the video is damaged there.
    public func frames(episode: Int, camera: String) throws(LeRobotError) -> [Image] {
        guard episodes.indices.contains(episode) else {
            throw .outOfRange(what: "episode", index: episode, count: episodes.count)
        }
        let episode = episodes[episode]
        let decoder = try self.decoder(camera: camera, episode: episode)
        let pixels = try pixels(of: episode, camera: camera, frames: 0 ..< episode.length, with: decoder)
        let size = decoder.width * decoder.height * 3
        return (0 ..< episode.length).map {
            Image(
                width: decoder.width,
                height: decoder.height,
                pixels: Array(pixels[$0 * size ..< ($0 + 1) * size])
            )
        }
    }

    /// Opens the file that holds an episode of a camera.
    func decoder(camera: String, episode: Episode) throws(LeRobotError) -> VideoDecoder {
        let feature = try self.feature(ofCamera: camera)
        guard let segment = episode.videos[camera] else {
            throw .noSuchFeature(camera, expected: "camera", available: cameras)
        }
        let file = folder.appending(path: info.videoPath(of: segment.location, camera: camera))
        let decoder = try VideoDecoder(opening: file)
        let size = feature.videoSize
        guard size.height == decoder.height, size.width == decoder.width else {
            throw .video(
                file: file.path,
                at: "opening",
                reason: "expected \(size.width)x\(size.height) pixels, as meta/info.json says, "
                    + "found \(decoder.width)x\(decoder.height)"
            )
        }
        return decoder
    }

    /// The feature of a camera that is stored as video.
    ///
    /// - Throws: ``LeRobotError`` for a name that is none, or of single images.
    public func feature(ofCamera camera: String) throws(LeRobotError) -> Feature {
        guard let feature = info.features[camera] else {
            throw .noSuchFeature(camera, expected: "camera", available: cameras)
        }
        guard feature.dtype == "video" else {
            throw .unsupportedFeature(camera, dtype: feature.dtype)
        }
        return feature
    }

    /// Decodes consecutive frames of an episode, `[frames.count, height, width, 3]`.
    func pixels(
        of episode: Episode,
        camera: String,
        frames: Range<Int>,
        with decoder: VideoDecoder
    ) throws(LeRobotError) -> [UInt8] {
        let start = (episode.videos[camera]?.from ?? 0) + Double(frames.lowerBound) / info.fps
        var pixels = [UInt8](repeating: 0, count: frames.count * decoder.width * decoder.height * 3)
        try pixels.withUnsafeMutableBufferPointer { (buffer) throws(LeRobotError) in
            try decoder.read(
                from: start,
                count: frames.count,
                fps: info.fps,
                into: buffer,
                episode: episode.index,
                firstFrame: frames.lowerBound
            )
        }
        return pixels
    }
}

extension Feature {
    /// Size of a camera's pictures; the shape is `[height, width, 3]`, or `[3, height, width]` in some datasets.
    public var videoSize: (height: Int, width: Int) {
        guard shape.count == 3 else { return (0, 0) }
        let isChannelsFirst = names?.first.map { $0.hasPrefix("channel") } ?? (shape[2] != 3 && shape[0] == 3)
        return isChannelsFirst ? (shape[1], shape[2]) : (shape[0], shape[1])
    }
}
