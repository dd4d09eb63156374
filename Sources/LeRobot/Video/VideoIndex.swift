import CFFmpeg
import Foundation

/// All frames of a video file in presentation order, read off its list of frames or its packets without decoding.
struct VideoIndex: Sendable {
    /// A packet that decoding can start from.
    struct Keyframe: Sendable {
        /// Presentation time of its frame, in the stream's units.
        let pts: Int64

        /// Time to seek to, in the stream's units.
        let seek: Int64
    }

    /// Presentation times of all frames, in the stream's units, ascending.
    let pts: [Int64]

    /// Presentation times of all frames, seconds, ascending.
    let times: [Double]

    /// Keyframes by ascending time.
    let keyframes: [Keyframe]

    /// Returns true if packets have presentation times of their own; false in a raw stream that was copied into a container.
    let isOrdered: Bool

    /// Returns true if an edit list is ignored, since it was made of packets without times.
    let ignoresEditList: Bool

    /// Number of frames, without those that an edit list hides.
    var count: Int { pts.count }

    /// Returns true if frames lie before the first keyframe, and cannot be decoded.
    var startsMidway: Bool {
        guard isOrdered, let first = pts.first, let key = keyframes.first else { return false }
        return first < key.seek
    }

    /// Returns true if an edit list hides frames.
    let editListHidesFrames: Bool

    /// Frames that the container promises and does not hold, as in a file that was cut off.
    let missingCount: Int

    /// Angle by which players turn the frames, degrees; they are given unturned.
    let rotation: Double

    /// Returns true if frames are equally far apart, within a tenth.
    let isRegular: Bool

    /// Reads the packets of a file.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - rows: Rows that the file has frames for. An edit list is ignored if there are as many frames only with those that
    ///     it hides.
    /// - Throws: ``LeRobotError/video(file:at:reason:)``.
    init(reading file: URL, rows: Int? = nil) throws(LeRobotError) {
        let index = try VideoIndex(reading: file, ignoresEditList: false)
        guard index.editListHidesFrames, !index.isOrdered || rows != nil && rows != index.count else {
            self = index
            return
        }
        let all = try VideoIndex(reading: file, ignoresEditList: true)
        self = !index.isOrdered || all.count == rows ? all : index
    }

    private init(reading file: URL, ignoresEditList: Bool) throws(LeRobotError) {
        var demuxer: UnsafeMutablePointer<AVFormatContext>? = try VideoFile.demuxer(
            of: file,
            ignoresEditList: ignoresEditList
        )
        defer { avformat_close_input(&demuxer) }
        guard let demuxer else { throw .video(file: file.path, at: "opening", reason: "no memory") }
        let stream = try VideoFile.stream(of: demuxer, file: file).stream
        if !ignoresEditList, let listed = ListedFrames(of: stream, in: demuxer) {
            self.init(
                pts: listed.pts,
                keyframes: listed.keyframes,
                isOrdered: true,
                ignoresEditList: false,
                editListHidesFrames: false,
                missingCount: 0,
                rotation: Self.rotation(of: stream),
                base: av_q2d(stream.pointee.time_base)
            )
            return
        }
        let scanned = ScannedPackets(of: stream, in: demuxer)
        self.init(
            pts: scanned.pts,
            keyframes: scanned.keyframes,
            // With reordered frames, presentation and decoding times differ.
            isOrdered: scanned.hasTimes
                && (stream.pointee.codecpar.pointee.video_delay == 0 || scanned.isReordered),
            ignoresEditList: ignoresEditList,
            editListHidesFrames: scanned.editListHidesFrames,
            // Packets before an edit list's start need not be given at all.
            missingCount: scanned.editListHidesFrames
                ? 0 : max(0, Int(stream.pointee.nb_frames) - scanned.count),
            rotation: Self.rotation(of: stream),
            base: av_q2d(stream.pointee.time_base)
        )
    }

    private init(
        pts: [Int64],
        keyframes: [Keyframe],
        isOrdered: Bool,
        ignoresEditList: Bool,
        editListHidesFrames: Bool,
        missingCount: Int,
        rotation: Double,
        base: Double
    ) {
        self.pts = pts
        self.keyframes = keyframes
        self.isOrdered = isOrdered
        self.ignoresEditList = ignoresEditList
        self.editListHidesFrames = editListHidesFrames
        self.missingCount = missingCount
        self.rotation = rotation
        times = pts.map { Double($0) * base }
        let steps = zip(times, times.dropFirst()).map { $1 - $0 }.sorted()
        let spacing = steps.isEmpty ? 0 : steps[steps.count / 2]
        isRegular = steps.allSatisfy { abs($0 - spacing) <= spacing / 10 }
    }

    private static func rotation(of stream: UnsafeMutablePointer<AVStream>) -> Double {
        var size = 0
        guard let data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size), size >= 36 else {
            return 0
        }
        let angle = data.withMemoryRebound(to: Int32.self, capacity: 9) { av_display_rotation_get($0) }
        return angle.isFinite ? angle : 0
    }

    /// Position of the frame with a presentation time in the stream's units; nil if there is none.
    func position(pts time: Int64) -> Int? {
        var range = 0 ..< pts.count
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            if pts[middle] == time { return middle }
            range = pts[middle] < time ? middle + 1 ..< range.upperBound : range.lowerBound ..< middle
        }
        return nil
    }

    /// Position of the frame whose time is nearest; nil in an empty video.
    func nearest(to time: Double) -> Int? { FrameAlignment.nearest(to: time, in: times) }
}
