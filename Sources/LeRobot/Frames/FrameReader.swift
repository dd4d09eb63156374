import Foundation
import RobotTypes

/// Reads images of a dataset's cameras; belongs to one thread at a time.
///
/// The files used last stay open, and the frames of the episodes used last are known.
final class FrameReader {
    private let dataset: LeRobotDataset
    /// Open files by path, the one used last at the end.
    private var decoders: [(path: String, decoder: VideoDecoder)] = []
    private var positionsKept: [Segment: [Int?]] = [:]
    private var columns: [String: ImageColumn] = [:]

    /// At most this many files stay open: each has a decoder's memory.
    private static let maximumFilesOpen = 8

    /// Positions of the frames of at most this many episodes are kept.
    private static let maximumEpisodesKept = 1024

    private struct Segment: Hashable {
        let camera: String
        let episode: Int
    }

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

    /// Copies the image of a camera at a frame, `[height, width, 3]`, scaled without distortion where it has another size.
    func copyImage(
        camera: String,
        episode: Episode,
        frame: Int,
        size: (height: Int, width: Int),
        into pixels: UnsafeMutableBufferPointer<UInt8>
    ) throws(LeRobotError) {
        if try dataset.feature(ofCamera: camera).dtype == "video" {
            let decoder = try decoder(camera: camera, episode: episode)
            if (decoder.height, decoder.width) == size {
                let positions = try positions(camera: camera, episode: episode, decoder: decoder)
                let position = try position(
                    frame,
                    in: positions,
                    camera: camera,
                    episode: episode,
                    decoder: decoder
                )
                return try decoder.read(position, into: pixels, as: name(of: frame, episode))
            }
        }
        try forEachImage(camera: camera, episode: episode, frames: frame ..< frame + 1) { image in
            let isKept = (image.height, image.width) == size
            let scaled =
                isKept ? image : image.resizedWithPadding(width: size.width, height: size.height)
            _ = pixels.update(fromContentsOf: scaled.pixels)
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
                reason: (decoder.index.missingCount > 0 ? "the file is cut off or damaged; " : "")
                    + "no frame at the row's time; the video has \(decoder.index.count) frames, from "
                    + "\(decoder.index.times.first ?? 0) s to \(decoder.index.times.last ?? 0) s"
            )
        }
        return position
    }

    private func positions(camera: String, episode: Episode, decoder: VideoDecoder) throws(LeRobotError)
        -> [Int?]
    {
        let segment = Segment(camera: camera, episode: episode.index)
        if let kept = positionsKept[segment] { return kept }
        let positions = dataset.videoSource.alignment(
            camera: camera,
            episode: episode,
            index: decoder.index,
            times: try dataset.rowSource.times(of: episode)
        ).positions
        if positionsKept.count >= Self.maximumEpisodesKept { positionsKept = [:] }
        positionsKept[segment] = positions
        return positions
    }

    private func decoder(camera: String, episode: Episode) throws(LeRobotError) -> VideoDecoder {
        let file = try dataset.videoSource.file(camera: camera, episode: episode)
        if let place = decoders.firstIndex(where: { $0.path == file.path }) {
            let open = decoders.remove(at: place)
            decoders.append(open)
            return open.decoder
        }
        let decoder = try VideoDecoder(
            opening: file,
            index: try dataset.videoSource.index(of: file, camera: camera, episode: episode)
        )
        if decoders.count >= Self.maximumFilesOpen { decoders.removeFirst() }
        decoders.append((file.path, decoder))
        return decoder
    }

    private func column(of camera: String) -> ImageColumn {
        if let column = columns[camera] { return column }
        let column = ImageColumn(dataset: dataset, camera: camera)
        columns[camera] = column
        return column
    }
}
