import CFFmpeg
import Foundation

/// Writes decoded frames into an MP4 file, every number as it is.
///
/// For distances, whose codes are no colours. Encoding uses one thread, so equal frames give equal files.
final class LosslessEncoder {
    private let file: URL
    private var frameCount: Int64 = 0
    private var muxer: UnsafeMutablePointer<AVFormatContext>?
    private var coder: UnsafeMutablePointer<AVCodecContext>?
    private var packet = av_packet_alloc()

    /// FFmpeg's name of the codec.
    static let codec = "hevc"

    private static let encoder = "libx265"

    /// Creates the file.
    ///
    /// - Parameters:
    ///   - file: Path of the file.
    ///   - frame: A frame with the size and pixel format of all.
    ///   - fps: Frames a second.
    /// - Throws: ``LeRobotError`` when FFmpeg has no lossless encoder for the format, or the file cannot be created.
    init(creating file: URL, like frame: UnsafePointer<AVFrame>, fps: Double) throws(LeRobotError) {
        _ = FFmpeg.isQuiet
        self.file = file
        guard let codec = avcodec_find_encoder_by_name(Self.encoder),
            let coder = avcodec_alloc_context3(codec)
        else {
            throw .unwritable(file: file.path, reason: "FFmpeg was built without \(Self.encoder)")
        }
        self.coder = coder
        let rate = FFmpeg.rational(fps)
        coder.pointee.width = frame.pointee.width
        coder.pointee.height = frame.pointee.height
        coder.pointee.pix_fmt = AVPixelFormat(rawValue: frame.pointee.format)
        coder.pointee.color_range = frame.pointee.color_range
        coder.pointee.time_base = FFmpeg.inverse(rate)
        coder.pointee.framerate = rate
        coder.pointee.max_b_frames = 0
        coder.pointee.thread_count = 1
        coder.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER
        av_opt_set(coder.pointee.priv_data, "preset", "veryfast", 0)
        let parameters = "lossless=1:bframes=0:log-level=none:pools=none:frame-threads=1"
        av_opt_set(coder.pointee.priv_data, "x265-params", parameters, 0)
        let format = av_get_pix_fmt_name(coder.pointee.pix_fmt).map { String(cString: $0) } ?? "unknown"
        try check(avcodec_open2(coder, codec, nil), "opening \(Self.encoder) for \(format)")
        try check(avformat_alloc_output_context2(&muxer, nil, "mp4", file.path), "creating")
        guard let muxer, let stream = avformat_new_stream(muxer, nil) else {
            throw .unwritable(file: file.path, reason: "no memory")
        }
        try check(avcodec_parameters_from_context(stream.pointee.codecpar, coder), "stream")
        stream.pointee.time_base = coder.pointee.time_base
        stream.pointee.avg_frame_rate = rate
        try check(avio_open(&muxer.pointee.pb, file.path, AVIO_FLAG_WRITE), "creating")
        try check(avformat_write_header(muxer, nil), "header")
    }

    deinit {
        avcodec_free_context(&coder)
        if let muxer { avio_closep(&muxer.pointee.pb) }
        avformat_free_context(muxer)
        av_packet_free(&packet)
    }

    /// Writes one more frame; the first is a keyframe.
    ///
    /// - Throws: ``LeRobotError`` when the file cannot be written.
    func append(_ frame: UnsafePointer<AVFrame>) throws(LeRobotError) {
        var copy = av_frame_clone(frame)
        defer { av_frame_free(&copy) }
        guard let copy else { throw .unwritable(file: file.path, reason: "no memory") }
        copy.pointee.pts = frameCount
        copy.pointee.pict_type = frameCount == 0 ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE
        try encode(copy)
        frameCount += 1
    }

    /// Writes what is still in the encoder and the index, and closes the file.
    ///
    /// - Throws: ``LeRobotError`` when the file cannot be written.
    func finish() throws(LeRobotError) {
        try encode(nil)
        try check(av_write_trailer(muxer), "index")
        if let muxer { try check(avio_closep(&muxer.pointee.pb), "closing") }
    }

    private func encode(_ frame: UnsafeMutablePointer<AVFrame>?) throws(LeRobotError) {
        try check(avcodec_send_frame(coder, frame), "frame \(frameCount)")
        while true {
            let code = avcodec_receive_packet(coder, packet)
            if code == FFMPEG_AGAIN || code == FFMPEG_END { return }
            try check(code, "frame \(frameCount)")
            guard let coder, let muxer, let stream = muxer.pointee.streams[0] else { return }
            packet?.pointee.duration = 1
            av_packet_rescale_ts(packet, coder.pointee.time_base, stream.pointee.time_base)
            try check(av_interleaved_write_frame(muxer, packet), "frame \(frameCount)")
        }
    }

    private func check(_ code: Int32, _ part: String) throws(LeRobotError) {
        guard code < 0 else { return }
        throw .unwritable(file: file.path, reason: "\(part): \(FFmpeg.message(code))")
    }
}
