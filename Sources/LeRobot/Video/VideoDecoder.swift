import CFFmpeg
public import Foundation
public import RobotTypes

/// Reads exact frames of a video file by their time.
///
/// A decoder remembers its position: asking for the frame after the last one costs no seek. It decodes on
/// the calling thread and belongs to one thread at a time.
public final class VideoDecoder {
    /// Columns of a frame.
    public let width: Int

    /// Rows of a frame.
    public let height: Int

    private let file: URL
    private let stream: UnsafeMutablePointer<AVStream>
    private let converter = ColorConverter()
    private var demuxer: UnsafeMutablePointer<AVFormatContext>?
    private var coder: UnsafeMutablePointer<AVCodecContext>?
    private var packet = av_packet_alloc()
    private var frame = av_frame_alloc()
    private var rgb: UnsafeMutablePointer<AVFrame>?
    private var isDraining = false
    /// Time of the frame in `frame`, seconds; nil where the next frame may be any.
    private var position: Double?

    /// Opens the first video stream of a file.
    ///
    /// - Throws: ``LeRobotError/video(file:at:reason:)`` when it is no video or FFmpeg cannot decode it.
    public init(opening file: URL) throws(LeRobotError) {
        _ = FFmpeg.isQuiet
        self.file = file
        let opened = try Self.open(file)
        demuxer = opened.demuxer
        coder = opened.coder
        stream = opened.stream
        width = Int(opened.stream.pointee.codecpar.pointee.width)
        height = Int(opened.stream.pointee.codecpar.pointee.height)
        guard width > 0, height > 0, packet != nil, frame != nil,
            let rgb = FFmpeg.picture(width: Int32(width), height: Int32(height), format: AV_PIX_FMT_RGB24)
        else {
            throw .video(file: file.path, at: "opening", reason: "no pictures of size \(width)x\(height)")
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

    /// The frame shown from `time` on.
    ///
    /// - Parameters:
    ///   - time: Seconds from the start of the file; it may be off by less than half a frame.
    ///   - fps: Frames a second, which gives the tolerance.
    /// - Returns: The decoded picture.
    /// - Throws: ``LeRobotError/video(file:at:reason:)``.
    public func frame(at time: Double, fps: Double) throws(LeRobotError) -> Image {
        var pixels = [UInt8](repeating: 0, count: width * height * 3)
        try pixels.withUnsafeMutableBufferPointer { (buffer) throws(LeRobotError) in
            try read(from: time, count: 1, fps: fps, into: buffer)
        }
        return Image(width: width, height: height, pixels: pixels)
    }

    /// Reads consecutive frames.
    ///
    /// - Parameters:
    ///   - time: Time of the first frame, seconds; it may be off by less than half a frame.
    ///   - count: Number of frames.
    ///   - fps: Frames a second.
    ///   - pixels: Room for `[count, height, width, 3]`.
    ///   - episode: Episode that errors name.
    ///   - firstFrame: Number that errors give to the first frame.
    /// - Throws: ``LeRobotError/video(file:at:reason:)`` that names the frame, when the file ends early, is
    ///   damaged, or has no frame at one of the times.
    public func read(
        from time: Double,
        count: Int,
        fps: Double,
        into pixels: UnsafeMutableBufferPointer<UInt8>,
        episode: Int? = nil,
        firstFrame: Int = 0
    ) throws(LeRobotError) {
        precondition(pixels.count >= count * width * height * 3, "room for all frames is needed")
        for index in 0 ..< count {
            do throws(Failure) {
                try moveTo(time + Double(index) / fps, fps: fps)
                let size = width * height * 3
                try copyPicture(
                    to: UnsafeMutableBufferPointer(rebasing: pixels[index * size ..< (index + 1) * size])
                )
            } catch {
                let place = "frame \(firstFrame + index)" + (episode.map { " of episode \($0)" } ?? "")
                throw .video(file: file.path, at: place, reason: error.reason)
            }
        }
    }

    /// Decodes until `frame` is the one shown at `time`.
    private func moveTo(_ time: Double, fps: Double) throws(Failure) {
        let half = 0.5 / fps
        if let position, abs(position - time) < half { return }
        // A seek that lands behind the frame is repeated from further ahead, at last from the start.
        var leads = [0, 1, 10, time + 1]
        if let position, time > position, time - position < 2.5 / fps { leads.insert(-1, at: 0) }
        for lead in leads {
            if lead >= 0 { try seek(time + half / 2 - lead) }
            guard var found = try next() else { continue }
            guard found < time + half else { continue }
            while found < time - half {
                guard let later = try next() else {
                    throw Failure(reason: "the video ends at \(found) s, before \(time) s")
                }
                found = later
            }
            guard found < time + half else {
                throw Failure(reason: "no frame at \(time) s; the next is at \(found) s")
            }
            return
        }
        throw Failure(reason: "the video has no frame at \(time) s")
    }

    private func seek(_ time: Double) throws(Failure) {
        let base = av_q2d(stream.pointee.time_base)
        let start = max(0, (time / base).rounded(.down))
        guard start < 9e18 else { throw Failure(reason: "the video has no frame at \(time) s") }
        try check(av_seek_frame(demuxer, stream.pointee.index, Int64(start), AVSEEK_FLAG_BACKWARD))
        avcodec_flush_buffers(coder)
        isDraining = false
        position = nil
    }

    /// Decodes one more frame and gives its time; nil at the end of the file.
    private func next() throws(Failure) -> Double? {
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
            guard let shown = frame?.pointee.best_effort_timestamp, shown != FFMPEG_NO_TIME else {
                throw Failure(reason: "a frame has no time")
            }
            let seconds = Double(shown) * av_q2d(stream.pointee.time_base)
            position = seconds
            return seconds
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
                throw Failure(reason: "the file is truncated or damaged here")
            }
            try check(avcodec_send_packet(coder, packet))
            return
        }
    }

    private func copyPicture(to pixels: UnsafeMutableBufferPointer<UInt8>) throws(Failure) {
        guard let frame, let rgb, Int(frame.pointee.width) == width, Int(frame.pointee.height) == height
        else {
            throw Failure(reason: "the size of the pictures changes")
        }
        guard converter.convert(frame, to: rgb), let source = rgb.pointee.data.0 else {
            throw Failure(reason: "colours cannot be converted")
        }
        let stride = Int(rgb.pointee.linesize.0)
        for row in 0 ..< height {
            let line = UnsafeMutableBufferPointer(rebasing: pixels[row * width * 3 ..< (row + 1) * width * 3])
            _ = line.update(
                fromContentsOf: UnsafeBufferPointer(start: source + row * stride, count: width * 3)
            )
        }
    }

    private func check(_ code: Int32) throws(Failure) {
        guard code < 0 else { return }
        position = nil
        throw Failure(reason: FFmpeg.message(code))
    }

    /// What went wrong, before it is known which frame was asked for.
    private struct Failure: Error {
        let reason: String
    }
}

extension VideoDecoder {
    private struct Opened {
        let demuxer: UnsafeMutablePointer<AVFormatContext>
        let coder: UnsafeMutablePointer<AVCodecContext>
        let stream: UnsafeMutablePointer<AVStream>
    }

    private static func open(_ file: URL) throws(LeRobotError) -> Opened {
        func failure(_ reason: String) -> LeRobotError {
            .video(file: file.path, at: "opening", reason: reason)
        }
        var demuxer: UnsafeMutablePointer<AVFormatContext>?
        let code = avformat_open_input(&demuxer, file.path, nil, nil)
        guard code >= 0, let input = demuxer else {
            throw failure("it is no video, or its index is cut off (\(FFmpeg.message(code)))")
        }
        var coder: UnsafeMutablePointer<AVCodecContext>?
        do throws(LeRobotError) {
            let found = avformat_find_stream_info(input, nil)
            guard found >= 0 else { throw failure(FFmpeg.message(found)) }
            var codec: UnsafePointer<AVCodec>?
            let index = av_find_best_stream(input, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0)
            guard index >= 0, let stream = input.pointee.streams[Int(index)], let codec else {
                throw failure("it holds no video that FFmpeg can decode: \(FFmpeg.message(index))")
            }
            coder = avcodec_alloc_context3(codec)
            guard let opened = coder else { throw failure("no memory") }
            avcodec_parameters_to_context(opened, stream.pointee.codecpar)
            opened.pointee.pkt_timebase = stream.pointee.time_base
            opened.pointee.thread_count = 1
            opened.pointee.err_recognition = AV_EF_EXPLODE
            let ready = avcodec_open2(opened, codec, nil)
            guard ready >= 0 else { throw failure(FFmpeg.message(ready)) }
            return Opened(demuxer: input, coder: opened, stream: stream)
        } catch {
            avcodec_free_context(&coder)
            avformat_close_input(&demuxer)
            throw error
        }
    }
}
