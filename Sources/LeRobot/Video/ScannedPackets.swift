import CFFmpeg

/// Frames as the packets of a video show them, which are all read and not decoded.
struct ScannedPackets {
    /// Presentation times of the frames that no edit list hides, in the stream's units, ascending.
    private(set) var pts: [Int64] = []

    /// Keyframes by ascending time.
    private(set) var keyframes: [VideoIndex.Keyframe] = []

    /// True if every packet has a presentation time, no two of which are the same.
    private(set) var hasTimes = true

    /// True if presentation and decoding times differ.
    private(set) var isReordered = false

    /// True if an edit list hides frames.
    private(set) var editListHidesFrames = false

    /// Number of packets, those of hidden frames included.
    private(set) var count = 0

    /// Reads the packets of a stream to the end of its file.
    init(of stream: UnsafeMutablePointer<AVStream>, in demuxer: UnsafeMutablePointer<AVFormatContext>) {
        var packet = av_packet_alloc()
        defer { av_packet_free(&packet) }
        // Stands for the decoding time of a packet that has none.
        var position: Int64 = 0
        while av_read_frame(demuxer, packet) >= 0 {
            defer { av_packet_unref(packet) }
            guard let packet, packet.pointee.stream_index == stream.pointee.index else { continue }
            // The end of the file cuts its packet off: there is no such frame.
            guard packet.pointee.flags & AV_PKT_FLAG_CORRUPT == 0 else { continue }
            let decoded = packet.pointee.dts == FFMPEG_NO_TIME ? position : packet.pointee.dts
            add(packet, decoded: decoded)
            position = decoded &+ 1
        }
        pts.sort()
        keyframes.sort { $0.pts < $1.pts }
        let isDistinct = zip(pts, pts.dropFirst()).allSatisfy { $0 < $1 }
        hasTimes = hasTimes && isDistinct
    }

    private mutating func add(_ packet: UnsafeMutablePointer<AVPacket>, decoded: Int64) {
        count += 1
        if packet.pointee.pts == FFMPEG_NO_TIME { hasTimes = false }
        let time = packet.pointee.pts == FFMPEG_NO_TIME ? decoded : packet.pointee.pts
        if time != decoded { isReordered = true }
        if packet.pointee.flags & AV_PKT_FLAG_DISCARD == 0 {
            pts.append(time)
        } else {
            editListHidesFrames = true
        }
        if packet.pointee.flags & AV_PKT_FLAG_KEY != 0 {
            keyframes.append(VideoIndex.Keyframe(pts: time, seek: min(time, decoded)))
        }
    }
}
