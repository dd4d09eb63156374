import CFFmpeg
import Foundation

/// All frames of a video file in the order in which they are shown, read off its packets without decoding.
struct VideoIndex: Sendable {
    /// A packet that decoding can start from.
    struct Keyframe: Sendable {
        /// Time at which its frame is shown, in the stream's units.
        let shown: Int64

        /// Time to seek to, in the stream's units.
        let seek: Int64
    }

    /// Times of all frames, in the stream's units, ascending.
    let shown: [Int64]

    /// Times of all frames, seconds, ascending.
    let times: [Double]

    /// Keyframes by ascending time.
    let keyframes: [Keyframe]

    /// Returns true if packets tell the order of frames; false where they have no times of their own, as in a raw stream
    /// that was put into a container by copying.
    let isOrdered: Bool

    /// Returns true if an edit list is ignored: one that was made of packets without times hides anything.
    let showsAll: Bool

    /// Number of frames that are shown; an edit list may hide others.
    var count: Int { shown.count }

    /// Returns true if an edit list hides frames.
    let hidesSome: Bool

    /// Returns true if frames are equally far apart, within a tenth.
    let isRegular: Bool

    /// Reads the packets of a file.
    ///
    /// - Throws: ``LeRobotError/video(file:at:reason:)``.
    init(reading file: URL) throws(LeRobotError) {
        let index = try VideoIndex(reading: file, showsAll: false)
        self = index.isOrdered || !index.hidesSome ? index : try VideoIndex(reading: file, showsAll: true)
    }

    private init(reading file: URL, showsAll: Bool) throws(LeRobotError) {
        self.showsAll = showsAll
        var demuxer: UnsafeMutablePointer<AVFormatContext>? = try VideoFile.demuxer(
            of: file,
            showsAll: showsAll
        )
        defer { avformat_close_input(&demuxer) }
        guard let demuxer else { throw .video(file: file.path, at: "opening", reason: "no memory") }
        let stream = try VideoFile.stream(of: demuxer, file: file).stream
        var packet = av_packet_alloc()
        defer { av_packet_free(&packet) }
        var shown: [Int64] = []
        var keyframes: [Keyframe] = []
        var hasTimes = true
        var hidesSome = false
        var reorders = false
        var position: Int64 = 0
        while av_read_frame(demuxer, packet) >= 0 {
            defer { av_packet_unref(packet) }
            guard let packet, packet.pointee.stream_index == stream.pointee.index else { continue }
            let decoded = packet.pointee.dts == FFMPEG_NO_TIME ? position : packet.pointee.dts
            if packet.pointee.pts == FFMPEG_NO_TIME { hasTimes = false }
            let time = packet.pointee.pts == FFMPEG_NO_TIME ? decoded : packet.pointee.pts
            if time != decoded { reorders = true }
            if packet.pointee.flags & AV_PKT_FLAG_DISCARD == 0 {
                shown.append(time)
            } else {
                hidesSome = true
            }
            if packet.pointee.flags & AV_PKT_FLAG_KEY != 0 {
                keyframes.append(Keyframe(shown: time, seek: min(time, decoded)))
            }
            position = decoded + 1
        }
        self.hidesSome = hidesSome
        shown.sort()
        let base = av_q2d(stream.pointee.time_base)
        let isDistinct = zip(shown, shown.dropFirst()).allSatisfy { $0 < $1 }
        // A decoder that holds frames back needs times that tell why.
        isOrdered = hasTimes && isDistinct && (stream.pointee.codecpar.pointee.video_delay == 0 || reorders)
        self.shown = shown
        times = shown.map { Double($0) * base }
        self.keyframes = keyframes.sorted { $0.shown < $1.shown }
        let steps = zip(times, times.dropFirst()).map { $1 - $0 }.sorted()
        let spacing = steps.isEmpty ? 0 : steps[steps.count / 2]
        isRegular = steps.allSatisfy { abs($0 - spacing) <= spacing / 10 }
    }

    /// Position of the frame that is shown at a time in the stream's units; nil where there is none.
    func position(shown time: Int64) -> Int? {
        var range = 0 ..< shown.count
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            if shown[middle] == time { return middle }
            range = shown[middle] < time ? middle + 1 ..< range.upperBound : range.lowerBound ..< middle
        }
        return nil
    }

    /// Position of the frame whose time is nearest; nil in an empty video.
    func nearest(to time: Double) -> Int? { FrameAlignment.nearest(to: time, in: times) }
}
