import CFFmpeg

/// Frames as an MP4 file lists them at its head or end, so that the frames themselves need not be read.
///
/// The list has decoding times. They are those of presentation where no frame is reordered, which some packets confirm;
/// everything else is read packet by packet.
struct ListedFrames {
    /// Presentation times, in the stream's units, ascending.
    let pts: [Int64]

    let keyframes: [VideoIndex.Keyframe]

    /// Number of seeks after which packets are compared with the list.
    private static let comparedSeeks = 8

    /// Codecs of which FFmpeg knows whether frames are reordered.
    private static let codecs = [AV_CODEC_ID_H264, AV_CODEC_ID_AV1]

    /// Reads the list, and leaves the container at another position; nil where there are no presentation times.
    init?(of stream: UnsafeMutablePointer<AVStream>, in demuxer: UnsafeMutablePointer<AVFormatContext>) {
        let parameters = stream.pointee.codecpar.pointee
        let count = Int(avformat_index_get_entries_count(stream))
        guard Self.codecs.contains(parameters.codec_id), parameters.video_delay == 0, count > 0,
            stream.pointee.nb_frames == count
        else { return nil }
        // Frames beyond the end of a file that was cut off are listed, too.
        let size = demuxer.pointee.pb.map { avio_size($0) } ?? 0
        var pts: [Int64] = []
        var keyframes: [VideoIndex.Keyframe] = []
        pts.reserveCapacity(count)
        for index in 0 ..< Int32(count) {
            guard let entry = avformat_index_get_entry(stream, index)?.pointee,
                entry.flags & AVINDEX_DISCARD_FRAME == 0, entry.pos <= size - Int64(entry.size),
                pts.last.map({ $0 < entry.timestamp }) ?? true
            else { return nil }
            pts.append(entry.timestamp)
            if entry.flags & AVINDEX_KEYFRAME != 0 {
                keyframes.append(.init(pts: entry.timestamp, seek: entry.timestamp))
            }
        }
        guard !keyframes.isEmpty else { return nil }
        self.pts = pts
        self.keyframes = keyframes
        guard packetsAgree(stream, demuxer) else { return nil }
    }

    private func packetsAgree(
        _ stream: UnsafeMutablePointer<AVStream>,
        _ demuxer: UnsafeMutablePointer<AVFormatContext>
    ) -> Bool {
        var packet = av_packet_alloc()
        defer { av_packet_free(&packet) }
        guard let packet else { return false }
        let known = Set(pts)
        var agrees = true
        for index in 0 ..< Self.comparedSeeks {
            let keyframe = keyframes[index * (keyframes.count - 1) / max(1, Self.comparedSeeks - 1)]
            guard av_seek_frame(demuxer, stream.pointee.index, keyframe.seek, AVSEEK_FLAG_BACKWARD) >= 0
            else {
                agrees = false
                break
            }
            for _ in 0 ..< 2 where av_read_frame(demuxer, packet) >= 0 {
                let isOwn = packet.pointee.stream_index == stream.pointee.index
                if isOwn, packet.pointee.pts != packet.pointee.dts || !known.contains(packet.pointee.pts) {
                    agrees = false
                }
                av_packet_unref(packet)
            }
        }
        av_seek_frame(demuxer, stream.pointee.index, pts.first ?? 0, AVSEEK_FLAG_BACKWARD)
        return agrees
    }
}
