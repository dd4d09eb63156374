import CFFmpeg
import Foundation

/// An opened encoder, and the MP4 file that takes its packets.
final class MP4Encoder {
    /// Frames sent so far.
    private(set) var frameCount = 0

    /// Path of the file in errors.
    private let file: URL
    private var muxer: UnsafeMutablePointer<AVFormatContext>?
    private var coder: UnsafeMutablePointer<AVCodecContext>?
    private var packet = av_packet_alloc()

    /// Creates the file and opens the encoder, with one thread, so that equal frames give equal files.
    ///
    /// - Parameters:
    ///   - output: Path of the file; an existing file is replaced.
    ///   - file: Path of the file in errors.
    ///   - encoder: FFmpeg's name of the encoder.
    ///   - rate: Frames a second.
    ///   - startsWithIndex: Puts the index first, so that a browser plays before it has the whole file.
    ///   - configure: Sets size, pixel format and the encoder's options.
    /// - Throws: ``LeRobotError`` when FFmpeg lacks the encoder or refuses its settings, or the file cannot be created.
    init(
        creating output: URL,
        as file: URL,
        encoder: String,
        rate: AVRational,
        startsWithIndex: Bool,
        configure: (UnsafeMutablePointer<AVCodecContext>) -> Void
    ) throws(LeRobotError) {
        _ = FFmpeg.isQuiet
        self.file = file
        guard let codec = avcodec_find_encoder_by_name(encoder) else {
            throw .unwritable(file: file.path, reason: "FFmpeg was built without \(encoder)")
        }
        guard let coder = avcodec_alloc_context3(codec) else {
            throw .unwritable(file: file.path, reason: "no memory")
        }
        self.coder = coder
        coder.pointee.time_base = FFmpeg.inverse(rate)
        coder.pointee.framerate = rate
        coder.pointee.max_b_frames = 0
        coder.pointee.thread_count = 1
        coder.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER
        configure(coder)
        let format = av_get_pix_fmt_name(coder.pointee.pix_fmt).map { String(cString: $0) } ?? "unknown"
        try check(avcodec_open2(coder, codec, nil), "opening \(encoder) for \(format)")
        try check(avformat_alloc_output_context2(&muxer, nil, "mp4", output.path), "creating")
        guard let muxer, let stream = avformat_new_stream(muxer, nil) else {
            throw .unwritable(file: file.path, reason: "no memory")
        }
        try check(avcodec_parameters_from_context(stream.pointee.codecpar, coder), "stream")
        stream.pointee.time_base = coder.pointee.time_base
        stream.pointee.avg_frame_rate = rate
        try check(avio_open(&muxer.pointee.pb, output.path, AVIO_FLAG_WRITE), "creating")
        if startsWithIndex { av_opt_set(muxer.pointee.priv_data, "movflags", "faststart", 0) }
        try check(avformat_write_header(muxer, nil), "header")
    }

    deinit {
        avcodec_free_context(&coder)
        if let muxer { avio_closep(&muxer.pointee.pb) }
        avformat_free_context(muxer)
        av_packet_free(&packet)
    }

    /// Bytes in the file so far; the last frames may still be on their way.
    var byteCount: Int { muxer.map { Int(avio_seek($0.pointee.pb, 0, SEEK_CUR)) } ?? 0 }

    /// Encodes one more frame, at the time after the one before.
    ///
    /// - Parameters:
    ///   - frame: A frame of the encoder's size and pixel format; its time is set.
    ///   - isKeyframe: True where a sequence of frames has to start.
    /// - Throws: ``LeRobotError`` when the file cannot be written.
    func append(_ frame: UnsafeMutablePointer<AVFrame>, isKeyframe: Bool) throws(LeRobotError) {
        frame.pointee.pts = Int64(frameCount)
        frame.pointee.pict_type = isKeyframe ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE
        try encode(frame)
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
