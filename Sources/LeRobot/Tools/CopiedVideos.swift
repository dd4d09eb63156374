import CFFmpeg
import Foundation
import RobotTypes

/// The video files of one camera of a dataset that is assembled from others.
///
/// Packets are copied where an episode begins with a keyframe and needs no frames of its neighbours. Otherwise the
/// episode is encoded anew, into a file of its own first, whose packets are copied then.
final class CopiedVideos {
    /// Episodes encoded anew, and the reasons.
    private(set) var encoded: [String: Int] = [:]

    /// Episodes whose packets were copied.
    private(set) var copiedCount = 0

    private let folder: URL
    private let camera: String
    private let fps: Double
    private let settings: VideoSettings
    private let maximumSize: Int
    private var location = FileLocation(chunk: 0, file: 0)
    private var output: VideoRemuxer?
    private var source: (file: URL, packets: PacketSource, decoder: VideoDecoder?)?

    /// LeRobot compares times as 32-bit numbers: see ``VideoFiles``.
    private static let maximumDuration = 1000.0

    init(folder: URL, camera: String, fps: Double, settings: VideoSettings, maximumSizeInMB: Int) {
        self.folder = folder
        self.camera = camera
        self.fps = fps
        self.settings = settings
        maximumSize = maximumSizeInMB * 1_000_000
    }

    /// Copies an episode.
    ///
    /// - Parameters:
    ///   - episode: The episode.
    ///   - dataset: Its dataset.
    ///   - times: Seconds of every row from the episode's start.
    /// - Returns: The episode's segment, and images for the statistics.
    /// - Throws: ``LeRobotError`` where the episode lacks a frame, or a file cannot be read or written.
    func append(_ episode: Episode, of dataset: LeRobotDataset, times: [Double]) throws(LeRobotError)
        -> (segment: Episode.VideoSegment, images: [Image])
    {
        let file = try dataset.videoSource.file(camera: camera, episode: episode)
        let index = try dataset.videoSource.index(of: file, camera: camera, episode: episode)
        if source?.file != file {
            source = (file, try PacketSource(opening: file, index: index), nil)
        }
        guard let packets = source?.packets else {
            throw .unreadable(file: file.path, reason: "no memory")
        }
        let aligned = dataset.videoSource.alignment(
            camera: camera,
            episode: episode,
            index: index,
            times: try dataset.rowSource.times(of: episode)
        ).positions
        let positions = aligned.compactMap(\.self)
        guard positions.count == episode.length, let first = positions.first else {
            throw .video(
                file: file.path,
                at: "episode \(episode.number)",
                reason:
                    "\(episode.length - positions.count) of \(episode.length) rows have no frame; leave the episode "
                    + "out with --episodes, or repair the dataset"
            )
        }
        let decoder = try decoder(of: file, index: index)
        let isConsecutive = zip(positions, positions.dropFirst()).allSatisfy { $0 + 1 == $1 }
        let found =
            isConsecutive
            ? try packets.packets(of: first ..< first + positions.count)
            : (packets: nil, reason: "it leaves frames of the file out")
        let isDepth = dataset.info.features[camera]?.isDepth == true
        let images = isDepth ? [] : try sampled(positions, decoder, episode)
        if let copied = found.packets {
            copiedCount += 1
            return (try write(copied, of: packets, times: times), images)
        }
        encoded[found.reason, default: 0] += 1
        return (try encode(positions, decoder, episode, times: times, isDepth: isDepth), images)
    }

    /// Closes the file being written.
    func finish() throws(LeRobotError) {
        try output?.finish()
        output = nil
        source = nil
    }

    private func decoder(of file: URL, index: VideoIndex) throws(LeRobotError) -> VideoDecoder {
        if let decoder = source?.decoder { return decoder }
        let decoder = try VideoDecoder(opening: file, index: index)
        source?.decoder = decoder
        return decoder
    }

    private func write(_ packets: [PacketSource.Packet], of source: PacketSource, times: [Double])
        throws(LeRobotError) -> Episode.VideoSegment
    {
        let reordering = PacketSource.reordering(of: packets)
        let duration = (times.last ?? 0) + 1 / fps
        let output = try output(for: source, reordering: reordering, duration: duration)
        let range = try output.append(packets, times: times, duration: duration)
        return Episode.VideoSegment(location: location, from: range.from, to: range.to)
    }

    private func output(for source: PacketSource, reordering: Int, duration: Double) throws(LeRobotError)
        -> VideoRemuxer
    {
        if let output, output.accepts(source, reordering: reordering), output.byteCount < maximumSize,
            output.end + duration <= Self.maximumDuration
        {
            return output
        }
        if let output {
            try output.finish()
            location = location.next(chunksSize: DatasetInfo.usualChunksSize)
        }
        let url = folder.appending(
            path: DatasetInfo.filled(DatasetInfo.defaultVideoPath, location, camera: camera)
        )
        try createParent(of: url)
        let created = try VideoRemuxer(creating: url, like: source, fps: fps, reordering: reordering)
        output = created
        return created
    }

    private func encode(
        _ positions: [Int],
        _ decoder: VideoDecoder,
        _ episode: Episode,
        times: [Double],
        isDepth: Bool
    ) throws(LeRobotError) -> Episode.VideoSegment {
        let file = folder.appending(path: "videos/.\(camera).mp4")
        try createParent(of: file)
        defer { try? FileManager.default.removeItem(at: file) }
        if isDepth {
            try encodeDistances(positions, decoder, episode, to: file)
        } else {
            try encodeColours(positions, decoder, episode, to: file)
        }
        let source = try PacketSource(opening: file, index: try VideoIndex(reading: file))
        let found = try source.packets(of: 0 ..< positions.count)
        guard let packets = found.packets else {
            throw .unwritable(
                file: file.path,
                reason: "packets of an encoded episode cannot be copied: \(found.reason)"
            )
        }
        return try write(packets, of: source, times: times)
    }

    private func encodeDistances(
        _ positions: [Int],
        _ decoder: VideoDecoder,
        _ episode: Episode,
        to file: URL
    ) throws(LeRobotError) {
        var encoder: LosslessEncoder?
        for position in positions {
            let name = "frame \(position), of episode \(episode.number)"
            let written: Result<LosslessEncoder, LeRobotError> = try decoder.withFrame(position, as: name) {
                frame in
                do throws(LeRobotError) {
                    let open: LosslessEncoder
                    if let encoder {
                        open = encoder
                    } else {
                        open = try LosslessEncoder(creating: file, like: frame, fps: fps)
                    }
                    try open.append(frame)
                    return .success(open)
                } catch { return .failure(error) }
            }
            encoder = try written.get()
        }
        try encoder?.finish()
    }

    private func encodeColours(
        _ positions: [Int],
        _ decoder: VideoDecoder,
        _ episode: Episode,
        to file: URL
    ) throws(LeRobotError) {
        let encoder = try VideoEncoder(
            creating: file,
            width: decoder.width,
            height: decoder.height,
            fps: fps,
            settings: settings
        )
        for position in positions {
            try encoder.append(try image(position, decoder, episode), startsSequence: encoder.frameCount == 0)
        }
        try encoder.finish()
    }

    private func sampled(_ positions: [Int], _ decoder: VideoDecoder, _ episode: Episode) throws(LeRobotError)
        -> [Image]
    {
        var images: [Image] = []
        for row in FeatureTotals.sampledRows(of: positions.count) {
            images.append(try image(positions[row], decoder, episode))
        }
        return images
    }

    private func image(_ position: Int, _ decoder: VideoDecoder, _ episode: Episode) throws(LeRobotError)
        -> Image
    {
        var pixels = [UInt8](repeating: 0, count: decoder.width * decoder.height * 3)
        try pixels.withUnsafeMutableBufferPointer { (buffer) throws(LeRobotError) in
            try decoder.read(position, into: buffer, as: "frame \(position), of episode \(episode.number)")
        }
        return Image(width: decoder.width, height: decoder.height, pixels: pixels)
    }
}
