import CFFmpeg
public import Foundation
public import RobotTypes

/// Reads exact frames of a video file, counted in presentation order.
///
/// A decoder remembers its position: asking for the frame after the last one costs no seek. It decodes on
/// the calling thread and belongs to one thread at a time.
public final class VideoDecoder {
    /// Columns of a frame.
    public let width: Int

    /// Rows of a frame.
    public let height: Int

    let index: VideoIndex

    private let file: URL
    private let stream: UnsafeMutablePointer<AVStream>
    private let converter = ColorConverter()
    private var demuxer: UnsafeMutablePointer<AVFormatContext>?
    private var coder: UnsafeMutablePointer<AVCodecContext>?
    private var packet = av_packet_alloc()
    private var frame = av_frame_alloc()
    private var rgb: UnsafeMutablePointer<AVFrame>?
    private var isDraining = false
    private var isOrdered: Bool
    /// Position of the frame in `frame`; nil where the next frame may be any.
    private var position: Int?

    /// Opens the first video stream of a file.
    ///
    /// - Throws: ``LeRobotError/video(file:at:reason:)`` when it is no video or FFmpeg cannot decode it.
    public convenience init(opening file: URL) throws(LeRobotError) {
        try self.init(opening: file, index: try VideoIndex(reading: file))
    }

    /// Opens a file whose frames are known.
    init(opening file: URL, index: VideoIndex) throws(LeRobotError) {
        self.file = file
        self.index = index
        isOrdered = index.isOrdered
        let opened = try VideoFile.open(file, ignoresEditList: index.ignoresEditList)
        demuxer = opened.demuxer
        coder = opened.coder
        stream = opened.stream
        width = Int(opened.stream.pointee.codecpar.pointee.width)
        height = Int(opened.stream.pointee.codecpar.pointee.height)
        guard width > 0, height > 0, packet != nil, frame != nil,
            let rgb = FFmpeg.allocateFrame(
                width: Int32(width),
                height: Int32(height),
                format: AV_PIX_FMT_RGB24
            )
        else {
            throw .video(file: file.path, at: "opening", reason: "no images of size \(width)x\(height)")
        }
        self.rgb = rgb
    }

    deinit {
        avcodec_free_context(&coder)
        avformat_close_input(&demuxer)
        av_packet_free(&packet)
        av_frame_free(&frame)
        av_frame_free(&rgb)
    }

    /// The frame with a presentation time.
    ///
    /// - Parameters:
    ///   - time: Seconds from the start of the file; it may be off by less than half a frame.
    ///   - fps: Frames a second, which gives the tolerance.
    /// - Returns: The decoded image.
    /// - Throws: ``LeRobotError/video(file:at:reason:)``.
    public func frame(at time: Double, fps: Double) throws(LeRobotError) -> Image {
        guard let position = index.nearest(to: time), abs(index.times[position] - time) < 0.5 / fps else {
            throw .video(
                file: file.path,
                at: "\(time) s",
                reason: "no frame; the video has \(index.count), to \(index.times.last ?? 0) s"
            )
        }
        var pixels = [UInt8](repeating: 0, count: width * height * 3)
        try pixels.withUnsafeMutableBufferPointer { (buffer) throws(LeRobotError) in
            try read(position, into: buffer, as: "\(time) s")
        }
        return Image(width: width, height: height, pixels: pixels)
    }

    /// Copies a frame, `[height, width, 3]`.
    ///
    /// - Parameters:
    ///   - position: Position of the frame in presentation order.
    ///   - pixels: Receives the frame.
    ///   - name: Name of the frame in errors.
    /// - Throws: ``LeRobotError/video(file:at:reason:)`` when the file is damaged there.
    func read(_ position: Int, into pixels: UnsafeMutableBufferPointer<UInt8>, as name: String)
        throws(LeRobotError)
    {
        precondition(pixels.count >= width * height * 3, "room for the frame is needed")
        do throws(Failure) {
            try move(to: position)
            try copyImage(to: pixels)
        } catch {
            throw .video(file: file.path, at: name, reason: error.reason)
        }
    }

    /// Gives the decoded frame in its own pixel format.
    func withFrame<Result>(
        _ position: Int,
        as name: String,
        _ body: (UnsafePointer<AVFrame>) -> Result?
    ) throws(LeRobotError) -> Result {
        do throws(Failure) {
            try move(to: position)
            guard let frame, let result = body(frame) else {
                throw Failure(reason: "its pixel format is not read")
            }
            return result
        } catch {
            throw .video(file: file.path, at: name, reason: error.reason)
        }
    }

    /// Decodes until `frame` is the one at a position.
    private func move(to target: Int) throws(Failure) {
        if position == target { return }
        guard index.pts.indices.contains(target) else {
            throw Failure(reason: "the video has no such frame: it ends after \(index.count)")
        }
        if isOrdered {
            do throws(Failure) { return try moveByTime(to: target) } catch {
                guard error.isDisordered else { throw error }
                // Times were not those of the frames: they are counted instead.
                isOrdered = false
                position = nil
            }
        }
        try moveByCounting(to: target)
    }

    private func moveByTime(to target: Int) throws(Failure) {
        let time = index.pts[target]
        let last = index.keyframes.lastIndex { $0.pts <= time } ?? 0
        if let position, position < target,
            target - position < 3 || index.keyframes.isEmpty
                || index.keyframes[last].pts <= index.pts[position]
        {
            if try decode(to: target) { return }
        }
        // With open GOPs, decoding starts at an earlier keyframe, at last at the start of the file.
        var failure = Failure(reason: "the video has no frame at \(index.times[target]) s")
        for lead in [0, 1, 3, 10, last] where lead <= last {
            do throws(Failure) {
                try seek(index.keyframes.isEmpty ? time : index.keyframes[last - lead].seek)
                if try decode(to: target) { return }
            } catch {
                if error.isDisordered { throw error }
                failure = error
            }
        }
        throw failure
    }

    /// Decodes forward; false where the frame does not come.
    private func decode(to target: Int) throws(Failure) -> Bool {
        while let pts = try next() {
            guard let found = index.position(pts: pts) else { continue }
            if let position, found <= position {
                throw Failure(reason: "frames out of order", isDisordered: true)
            }
            position = found
            if found == target { return true }
            if found > target { return false }
        }
        return false
    }

    private func moveByCounting(to target: Int) throws(Failure) {
        if position.map({ $0 >= target }) ?? true {
            try seek(index.keyframes.first?.seek ?? 0)
            position = nil
        }
        while position != target {
            guard try next() != nil else {
                throw Failure(reason: "the video ends after \((position ?? -1) + 1) frames")
            }
            position = (position ?? -1) + 1
        }
    }

    private func seek(_ time: Int64) throws(Failure) {
        try check(av_seek_frame(demuxer, stream.pointee.index, time, AVSEEK_FLAG_BACKWARD))
        avcodec_flush_buffers(coder)
        isDraining = false
        position = nil
    }

    /// Decodes one more frame and gives its time in the stream's units; nil at the end of the file.
    private func next() throws(Failure) -> Int64? {
        while true {
            let code = avcodec_receive_frame(coder, frame)
            if code == FFMPEG_END {
                position = nil
                return nil
            }
            if code == FFMPEG_AGAIN {
                try feed()
                continue
            }
            try check(code)
            return frame?.pointee.best_effort_timestamp ?? 0
        }
    }

    /// Hands the decoder one more packet, or the end of the file.
    private func feed() throws(Failure) {
        while true {
            let code = av_read_frame(demuxer, packet)
            defer { av_packet_unref(packet) }
            if code == FFMPEG_END {
                guard !isDraining else { throw Failure(reason: "the video ends in the middle of a frame") }
                isDraining = true
                try check(avcodec_send_packet(coder, nil))
                return
            }
            try check(code)
            guard let packet, packet.pointee.stream_index == stream.pointee.index else { continue }
            guard packet.pointee.flags & AV_PKT_FLAG_CORRUPT == 0 else {
                position = nil
                throw Failure(reason: "the file is truncated or damaged here")
            }
            try check(avcodec_send_packet(coder, packet))
            return
        }
    }

    private func copyImage(to pixels: UnsafeMutableBufferPointer<UInt8>) throws(Failure) {
        guard let frame, let rgb, Int(frame.pointee.width) == width, Int(frame.pointee.height) == height
        else {
            throw Failure(reason: "the size of the frames changes")
        }
        // FFmpeg writes rows in blocks of pixels; where they fit, it may write to the room itself.
        let isDirect = width % 32 == 0
        let own = (rgb.pointee.data.0, rgb.pointee.linesize.0)
        if isDirect { (rgb.pointee.data.0, rgb.pointee.linesize.0) = (pixels.baseAddress, Int32(width * 3)) }
        defer { (rgb.pointee.data.0, rgb.pointee.linesize.0) = own }
        guard converter.convert(frame, to: rgb) else {
            throw Failure(reason: "colours cannot be converted")
        }
        if !isDirect { FFmpeg.copyRGB(rgb, to: pixels) }
    }

    private func check(_ code: Int32) throws(Failure) {
        guard code < 0 else { return }
        position = nil
        throw Failure(reason: FFmpeg.message(code))
    }

    /// A failure before it is known which frame was asked for.
    private struct Failure: Error {
        let reason: String
        var isDisordered = false
    }
}
