import CFFmpeg
import Foundation

/// Writes packets of other videos into an MP4 file, without decoding them.
final class VideoRemuxer {
    /// Steps of the file's clock in a second: frames of all common rates lie on it.
    static let clock: Int32 = 90_000

    /// Frames written so far.
    private(set) var frameCount = 0

    /// Seconds from the start to the end of the last frame.
    private(set) var end = 0.0

    private let file: URL
    private let parameters: PacketSource.Parameters
    private let reordering: Int
    private var muxer: UnsafeMutablePointer<AVFormatContext>?
    private var lastDecodingTime = Int64.min

    /// Creates the file for packets such as those of a source.
    init(creating file: URL, like source: PacketSource, fps: Double, reordering: Int) throws(LeRobotError) {
        _ = FFmpeg.isQuiet
        self.file = file
        self.reordering = reordering
        parameters = source.parameters
        try check(avformat_alloc_output_context2(&muxer, nil, "mp4", file.path), "creating")
        guard let muxer, let stream = avformat_new_stream(muxer, nil) else {
            throw .unwritable(file: file.path, reason: "no memory")
        }
        try check(avcodec_parameters_copy(stream.pointee.codecpar, source.codecParameters), "stream")
        stream.pointee.codecpar.pointee.codec_tag = 0
        stream.pointee.time_base = AVRational(num: 1, den: Self.clock)
        stream.pointee.avg_frame_rate = FFmpeg.rational(fps)
        try check(avio_open(&muxer.pointee.pb, file.path, AVIO_FLAG_WRITE), "creating")
        var options: OpaquePointer?
        defer { av_dict_free(&options) }
        av_dict_set(&options, "movflags", "faststart", 0)
        av_dict_set(&options, "video_track_timescale", String(Self.clock), 0)
        let code = avformat_write_header(muxer, &options)
        guard code >= 0 else {
            throw .unwritable(
                file: file.path,
                reason: "an MP4 file cannot hold \(parameters.codec): \(FFmpeg.message(code))"
            )
        }
    }

    deinit {
        if let muxer { avio_closep(&muxer.pointee.pb) }
        avformat_free_context(muxer)
    }

    /// Bytes in the file so far.
    var byteCount: Int { muxer.map { Int(avio_seek($0.pointee.pb, 0, SEEK_CUR)) } ?? 0 }

    /// Returns true if packets of a source can follow those of this file.
    func accepts(_ source: PacketSource, reordering: Int) -> Bool {
        source.parameters == parameters && reordering == self.reordering
    }

    /// Writes the packets of one episode.
    ///
    /// - Parameters:
    ///   - packets: Packets in decoding order.
    ///   - times: Seconds of every frame from the episode's start, in presentation order.
    ///   - duration: Seconds from the episode's start to its end.
    /// - Returns: Start and end of the episode in the file, seconds.
    /// - Throws: ``LeRobotError/unwritable(file:reason:)``.
    func append(_ packets: [PacketSource.Packet], times: [Double], duration: Double) throws(LeRobotError)
        -> (from: Double, to: Double)
    {
        let start = end
        func ticks(_ seconds: Double) -> Int64 { Int64(((start + seconds) * Double(Self.clock)).rounded()) }
        let spacing = duration / Double(max(times.count, 1))
        for (position, item) in packets.enumerated() {
            guard let packet = item.packet, let muxer, let stream = muxer.pointee.streams[0] else { continue }
            // Decoding times run ahead by as many frames as are reordered.
            let lead = position - reordering
            let decoding = lead < 0 ? Double(lead) * spacing : times[lead]
            packet.pointee.pts = ticks(times[item.rank])
            packet.pointee.dts = max(min(ticks(decoding), packet.pointee.pts), lastDecodingTime &+ 1)
            lastDecodingTime = packet.pointee.dts
            let next = item.rank + 1 < times.count ? times[item.rank + 1] : duration
            packet.pointee.duration = ticks(next) - packet.pointee.pts
            packet.pointee.stream_index = 0
            packet.pointee.pos = -1
            av_packet_rescale_ts(packet, AVRational(num: 1, den: Self.clock), stream.pointee.time_base)
            try check(av_interleaved_write_frame(muxer, packet), "frame \(frameCount)")
            frameCount += 1
        }
        end = start + duration
        return (start, end)
    }

    /// Writes the index and closes the file.
    func finish() throws(LeRobotError) {
        try check(av_write_trailer(muxer), "index")
        if let muxer { try check(avio_closep(&muxer.pointee.pb), "closing") }
    }

    private func check(_ code: Int32, _ part: String) throws(LeRobotError) {
        guard code < 0 else { return }
        throw .unwritable(file: file.path, reason: "\(part): \(FFmpeg.message(code))")
    }
}

/// Reads packets of a video file, to be copied.
final class PacketSource {
    /// Properties in which the packets of one file have to agree.
    struct Parameters: Equatable {
        let codec: String
        let width: Int32
        let height: Int32
        let format: Int32
        let extradata: Data
    }

    /// A packet, which is released with this object.
    final class Packet {
        var packet = av_packet_alloc()

        /// Position of its frame among those of the episode, in presentation order.
        var rank = 0

        deinit { av_packet_free(&packet) }
    }

    let parameters: Parameters
    let index: VideoIndex
    var codecParameters: UnsafeMutablePointer<AVCodecParameters> { stream.pointee.codecpar }

    private let file: URL
    private let stream: UnsafeMutablePointer<AVStream>
    private var demuxer: UnsafeMutablePointer<AVFormatContext>?

    /// Opens a file whose frames are known.
    init(opening file: URL, index: VideoIndex) throws(LeRobotError) {
        self.file = file
        self.index = index
        let opened = try VideoFile.demuxer(
            of: file,
            ignoresEditList: index.ignoresEditList,
            needsPixelFormat: true
        )
        demuxer = opened
        do throws(LeRobotError) { stream = try VideoFile.stream(of: opened, file: file).stream } catch {
            avformat_close_input(&demuxer)
            throw error
        }
        let found = stream.pointee.codecpar.pointee
        parameters = Parameters(
            codec: String(cString: avcodec_get_name(found.codec_id)),
            width: found.width,
            height: found.height,
            format: found.format,
            extradata: found.extradata.map { Data(bytes: $0, count: Int(found.extradata_size)) } ?? Data()
        )
    }

    deinit { avformat_close_input(&demuxer) }

    /// The packets of consecutive frames, in decoding order, if they can be decoded without others.
    ///
    /// - Parameter positions: Positions of the frames in presentation order.
    /// - Returns: The packets; or nil and the reason why they cannot be copied.
    /// - Throws: ``LeRobotError/video(file:at:reason:)`` where the file is damaged.
    func packets(of positions: Range<Int>) throws(LeRobotError) -> (packets: [Packet]?, reason: String) {
        guard
            avformat_query_codec(
                av_guess_format("mp4", nil, nil),
                stream.pointee.codecpar.pointee.codec_id,
                FF_COMPLIANCE_NORMAL
            ) == 1
        else { return (nil, "an MP4 file cannot hold \(parameters.codec)") }
        guard index.isOrdered else { return (nil, "its packets have no presentation times") }
        guard let first = positions.first.map({ index.pts[$0] }),
            let keyframe = index.keyframes.first(where: { $0.pts == first })
        else { return (nil, "it does not begin with a keyframe") }
        let code = av_seek_frame(demuxer, stream.pointee.index, keyframe.seek, AVSEEK_FLAG_BACKWARD)
        guard code >= 0 else {
            throw .video(file: file.path, at: "frame \(positions.lowerBound)", reason: FFmpeg.message(code))
        }
        var packets: [Packet] = []
        while packets.count < positions.count {
            let next = Packet()
            guard av_read_frame(demuxer, next.packet) >= 0 else {
                return (nil, "the file ends in the middle of it")
            }
            guard let packet = next.packet, packet.pointee.stream_index == stream.pointee.index else {
                continue
            }
            if packets.isEmpty, packet.pointee.pts != first { continue }
            guard packet.pointee.flags & AV_PKT_FLAG_CORRUPT == 0 else {
                throw .video(
                    file: file.path,
                    at: "frame \(positions.lowerBound)",
                    reason: "the file is damaged here"
                )
            }
            guard let position = index.position(pts: packet.pointee.pts), positions.contains(position) else {
                return (nil, "its frames are coded with those of a neighbour")
            }
            next.rank = position - positions.lowerBound
            // A side of the packet may hide frames by an edit list that is not copied.
            packet.pointee.flags &= ~AV_PKT_FLAG_DISCARD
            packets.append(next)
        }
        return (packets, "")
    }

    /// Largest number of frames by which a packet is decoded before its turn.
    static func reordering(of packets: [Packet]) -> Int {
        packets.enumerated().map { $0.offset - $0.element.rank }.max() ?? 0
    }
}
