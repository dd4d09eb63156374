import Foundation
public import RobotTypes

extension LeRobotDataset {
    /// The image of a camera at a frame; of a depth camera, as it is stored, in grey.
    ///
    /// - Parameters:
    ///   - index: Position within the dataset, `0 ..< frameCount`.
    ///   - camera: One of ``cameras`` or ``depthCameras``.
    /// - Returns: The decoded image.
    /// - Throws: ``LeRobotError`` when there is no such frame or camera, or the image is absent or damaged.
    /// - Complexity: Opens the file for every call; for many frames use ``FrameStore``.
    public func frame(at index: Int, camera: String) throws(LeRobotError) -> Image {
        let episode = try self.episode(ofFrame: index)
        let first = index - episode.rows.lowerBound
        return try FrameReader(self).images(camera: camera, episode: episode, frames: first ..< first + 1)[0]
    }

    /// All images of a camera in an episode.
    ///
    /// - Parameters:
    ///   - episode: Position of the episode, `0 ..< episodes.count`.
    ///   - camera: One of ``cameras`` or ``depthCameras``.
    /// - Returns: The decoded images, one a frame.
    /// - Throws: ``LeRobotError`` when there is no such episode or camera, or an image is absent or damaged.
    public func frames(episode: Int, camera: String) throws(LeRobotError) -> [Image] {
        guard episodes.indices.contains(episode) else {
            throw .outOfRange(what: "episode", index: episode, count: episodes.count)
        }
        let episode = episodes[episode]
        return try FrameReader(self).images(camera: camera, episode: episode, frames: 0 ..< episode.length)
    }

    /// Distances that a depth camera saw at a frame.
    ///
    /// - Parameters:
    ///   - index: Position within the dataset, `0 ..< frameCount`.
    ///   - camera: One of ``depthCameras``.
    /// - Returns: Distances in metres.
    /// - Throws: ``LeRobotError`` when there is no such frame or depth camera, or the image is absent or damaged.
    public func depthFrame(at index: Int, camera: String) throws(LeRobotError) -> DepthImage {
        let episode = try self.episode(ofFrame: index)
        return try FrameReader(self).depth(
            camera: camera,
            episode: episode,
            frame: index - episode.rows.lowerBound
        )
    }

    /// The feature of a camera.
    ///
    /// - Throws: ``LeRobotError/noSuchFeature(_:expected:available:)`` for a name that is none.
    public func feature(ofCamera camera: String) throws(LeRobotError) -> Feature {
        guard let feature = info.features[camera], feature.isImage else {
            throw .noSuchFeature(camera, expected: "camera", available: (cameras + depthCameras).sorted())
        }
        return feature
    }

    /// Size of a camera's images, as its first file has them.
    ///
    /// - Throws: ``LeRobotError`` for a name that is no camera, or when no file can be read and `meta/info.json` does not
    ///   say.
    public func imageSize(of camera: String) throws(LeRobotError) -> (height: Int, width: Int) {
        let feature = try feature(ofCamera: camera)
        guard feature.dtype == "video" else { return feature.imageSize }
        for episode in episodes {
            guard let file = try? videoSource.file(camera: camera, episode: episode),
                let size = try? VideoFile.size(of: file)
            else { continue }
            if size != feature.imageSize {
                log.add(
                    folder.appending(path: "meta/info.json").path,
                    "features.\(camera).shape",
                    "\(feature.shape) is \(feature.imageSize.width)x\(feature.imageSize.height) pixels, the video has "
                        + "\(size.width)x\(size.height), which are taken"
                )
            }
            return size
        }
        return feature.imageSize
    }
}
