import Foundation
import RobotTypes

/// Reads images of a dataset's cameras; belongs to one thread at a time.
///
/// The newest open file of every camera is kept.
final class FrameReader {
    private let dataset: LeRobotDataset
    private var decoders: [String: (file: URL, decoder: VideoDecoder)] = [:]
    private var columns: [String: ImageColumn] = [:]

    init(_ dataset: LeRobotDataset) { self.dataset = dataset }

    /// Images of some frames of an episode, in order.
    ///
    /// - Throws: ``LeRobotError`` when there is no such camera, or an image is absent or damaged.
    func images(camera: String, episode: Episode, frames: Range<Int>) throws(LeRobotError) -> [Image] {
        var images: [Image] = []
        images.reserveCapacity(frames.count)
        try forEachImage(camera: camera, episode: episode, frames: frames) { images.append($0) }
        return images
    }

    /// Visits images of some frames of an episode, one at a time, in order.
    func forEachImage(
        camera: String,
        episode: Episode,
        frames: Range<Int>,
        _ body: (Image) -> Void
    ) throws(LeRobotError) {
        guard try dataset.feature(ofCamera: camera).dtype == "video" else {
            let column = self.column(of: camera)
            for frame in frames { body(try column.image(episode: episode, frame: frame)) }
            return
        }
        let decoder = try decoder(camera: camera, episode: episode)
        let positions = try positions(camera: camera, episode: episode, decoder: decoder)
        var pixels = [UInt8](repeating: 0, count: decoder.width * decoder.height * 3)
        for frame in frames {
            let position = try position(
                frame,
                in: positions,
                camera: camera,
                episode: episode,
                decoder: decoder
            )
            try pixels.withUnsafeMutableBufferPointer { (buffer) throws(LeRobotError) in
                try decoder.read(position, into: buffer, as: name(of: frame, episode))
            }
            body(Image(width: decoder.width, height: decoder.height, pixels: pixels))
        }
    }

    /// Distances that a depth camera saw.
    func depth(camera: String, episode: Episode, frame: Int) throws(LeRobotError) -> DepthImage {
        let feature = try dataset.feature(ofCamera: camera)
        guard feature.isDepth, let coding = feature.video?.depth else {
            throw .noSuchFeature(camera, expected: "depth camera", available: dataset.depthCameras)
        }
        guard feature.dtype == "video" else {
            return try column(of: camera).depth(episode: episode, frame: frame, unit: coding.unit)
        }
        let decoder = try decoder(camera: camera, episode: episode)
        let positions = try positions(camera: camera, episode: episode, decoder: decoder)
        let position = try position(frame, in: positions, camera: camera, episode: episode, decoder: decoder)
        return try decoder.withFrame(position, as: name(of: frame, episode)) { frame in
            DepthImage(codes: frame, coding: coding)
        }
    }

    private func name(of frame: Int, _ episode: Episode) -> String {
        "frame \(frame) of episode \(episode.index)"
    }

    private func position(
        _ frame: Int,
        in positions: [Int?],
        camera: String,
        episode: Episode,
        decoder: VideoDecoder
    ) throws(LeRobotError) -> Int {
        guard let position = positions[frame] else {
            throw .video(
                file: try dataset.videoSource.file(camera: camera, episode: episode).path,
                at: "\(name(of: frame, episode)), frame \(episode.rows.lowerBound + frame) of the dataset",
                reason: "no frame at the row's time; the video has \(decoder.index.count) frames, from "
                    + "\(decoder.index.times.first ?? 0) s to \(decoder.index.times.last ?? 0) s"
            )
        }
        return position
    }

    private func positions(camera: String, episode: Episode, decoder: VideoDecoder) throws(LeRobotError)
        -> [Int?]
    {
        dataset.videoSource.alignment(
            camera: camera,
            episode: episode,
            index: decoder.index,
            times: try dataset.rowSource.times(of: episode)
        ).positions
    }

    private func decoder(camera: String, episode: Episode) throws(LeRobotError) -> VideoDecoder {
        let file = try dataset.videoSource.file(camera: camera, episode: episode)
        if let open = decoders[camera], open.file == file { return open.decoder }
        let decoder = try VideoDecoder(opening: file, index: try dataset.videoSource.index(of: file))
        decoders[camera] = (file, decoder)
        return decoder
    }

    private func column(of camera: String) -> ImageColumn {
        if let column = columns[camera] { return column }
        let column = ImageColumn(dataset: dataset, camera: camera)
        columns[camera] = column
        return column
    }
}
