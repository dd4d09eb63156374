import CFFmpeg
public import Foundation
public import RobotTypes

/// Writes images of one size into an MP4 file.
///
/// Encoding uses one thread, so equal images give equal files.
public final class VideoEncoder {
    /// Frames written so far.
    public private(set) var frameCount = 0

    /// Path of the file in errors.
    private let file: URL
    private let width: Int
    private let height: Int
    private let rate: AVRational
    private let converter = ColorConverter()
    private var muxer: UnsafeMutablePointer<AVFormatContext>?
    private var coder: UnsafeMutablePointer<AVCodecContext>?
    private var packet = av_packet_alloc()
    private var rgb: UnsafeMutablePointer<AVFrame>?
    private var yuv: UnsafeMutablePointer<AVFrame>?

    /// Creates the file.
    ///
    /// - Parameters:
    ///   - output: Path of the file; an existing file is replaced.
    ///   - file: Path of the file in errors, if it is renamed in the end.
    ///   - width: Columns, an even number with halved chroma.
    ///   - height: Rows, an even number with halved chroma.
    ///   - fps: Frames a second.
    ///   - settings: Codec and quality.
    /// - Throws: ``LeRobotError`` when FFmpeg lacks the encoder, or the file cannot be created.
    public init(
        creating output: URL,
        as file: URL? = nil,
        width: Int,
        height: Int,
        fps: Double,
        settings: VideoSettings
    ) throws(LeRobotError) {
        _ = FFmpeg.isQuiet
        let file = file ?? output
        self.file = file
        self.width = width
        self.height = height
        rate = FFmpeg.rational(fps)
        let step = settings.chroma == .halved ? 2 : 1
        guard width > 0, height > 0, width % step == 0, height % step == 0 else {
            throw .invalidData(
                field: "size of \(file.lastPathComponent)",
                expected: step == 2 ? "even numbers" : "positive numbers",
                found: "\(width)x\(height)"
            )
        }
        guard let codec = avcodec_find_encoder_by_name(settings.codec.encoder) else {
            throw .unwritable(file: file.path, reason: "FFmpeg was built without \(settings.codec.encoder)")
        }
        guard let coder = avcodec_alloc_context3(codec) else {
            throw .unwritable(file: file.path, reason: "no memory")
        }
        self.coder = coder
        configure(coder, settings)
        try check(avcodec_open2(coder, codec, nil), "opening \(settings.codec.encoder)")
        try open(output, coder)
        rgb = FFmpeg.allocateFrame(width: Int32(width), height: Int32(height), format: AV_PIX_FMT_RGB24)
        yuv = FFmpeg.allocateFrame(width: Int32(width), height: Int32(height), format: settings.chroma.format)
    }

    deinit {
        avcodec_free_context(&coder)
        if let muxer { avio_closep(&muxer.pointee.pb) }
        avformat_free_context(muxer)
        av_packet_free(&packet)
        av_frame_free(&rgb)
        av_frame_free(&yuv)
    }

    /// Bytes in the file so far; the last frames may still be on their way.
    public var byteCount: Int { muxer.map { Int(avio_seek($0.pointee.pb, 0, SEEK_CUR)) } ?? 0 }

    /// Writes one more frame.
    ///
    /// - Parameters:
    ///   - image: An image of the video's size.
    ///   - startsSequence: True for a keyframe, as the first frame of an episode has to be.
    /// - Throws: ``LeRobotError`` when the size differs or the file cannot be written.
    public func append(_ image: Image, startsSequence: Bool = false) throws(LeRobotError) {
        guard image.width == width, image.height == height else {
            throw .invalidData(
                field: "frame \(frameCount) of \(file.lastPathComponent)",
                expected: "\(width)x\(height) pixels",
                found: "\(image.width)x\(image.height)"
            )
        }
        guard let rgb, let yuv, av_frame_make_writable(yuv) == 0 else {
            throw .unwritable(file: file.path, reason: "no memory")
        }
        FFmpeg.fill(rgb, with: image)
        guard converter.convert(rgb, to: yuv) else {
            throw .unwritable(file: file.path, reason: "colours cannot be converted")
        }
        yuv.pointee.pts = Int64(frameCount)
        yuv.pointee.pict_type = startsSequence ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE
        try encode(yuv)
        frameCount += 1
    }

    /// Writes what is still in the encoder and the index, and closes the file.
    ///
    /// - Throws: ``LeRobotError`` when the file cannot be written.
    public func finish() throws(LeRobotError) {
        try encode(nil)
        try check(av_write_trailer(muxer), "index")
        if let muxer { try check(avio_closep(&muxer.pointee.pb), "closing") }
    }

    private func configure(_ coder: UnsafeMutablePointer<AVCodecContext>, _ settings: VideoSettings) {
        // SVT-AV1 reads its log level when it starts.
        if settings.codec == .av1 { setenv("SVT_LOG", "1", 0) }
        coder.pointee.width = Int32(width)
        coder.pointee.height = Int32(height)
        coder.pointee.pix_fmt = settings.chroma.format
        coder.pointee.time_base = FFmpeg.inverse(rate)
        coder.pointee.framerate = rate
        coder.pointee.gop_size = Int32(settings.keyframeInterval)
        coder.pointee.max_b_frames = 0
        coder.pointee.thread_count = 1
        coder.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER
        coder.pointee.colorspace = AVCOL_SPC_SMPTE170M
        coder.pointee.color_primaries = AVCOL_PRI_SMPTE170M
        coder.pointee.color_trc = AVCOL_TRC_SMPTE170M
        coder.pointee.color_range = AVCOL_RANGE_MPEG
        av_opt_set(coder.pointee.priv_data, "crf", String(settings.quality), 0)
        av_opt_set(coder.pointee.priv_data, "preset", settings.preset, 0)
        // Without it, x264 may write an I-frame that is no IDR frame, at which no seek can start.
        av_opt_set(coder.pointee.priv_data, "forced-idr", "1", 0)
        av_opt_set(coder.pointee.priv_data, "svtav1-params", "lp=1", 0)
    }

    private func open(
        _ output: URL,
        _ coder: UnsafeMutablePointer<AVCodecContext>
    ) throws(LeRobotError) {
        try check(avformat_alloc_output_context2(&muxer, nil, "mp4", output.path), "creating")
        guard let muxer, let stream = avformat_new_stream(muxer, nil) else {
            throw .unwritable(file: file.path, reason: "no memory")
        }
        try check(avcodec_parameters_from_context(stream.pointee.codecpar, coder), "stream")
        stream.pointee.time_base = coder.pointee.time_base
        stream.pointee.avg_frame_rate = rate
        try check(avio_open(&muxer.pointee.pb, output.path, AVIO_FLAG_WRITE), "creating")
        // The index comes first, so that a browser plays before it has the whole file.
        av_opt_set(muxer.pointee.priv_data, "movflags", "faststart", 0)
        try check(avformat_write_header(muxer, nil), "header")
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

extension VideoSettings.Chroma {
    /// FFmpeg's pixel format.
    fileprivate var format: AVPixelFormat {
        switch self {
        case .halved: AV_PIX_FMT_YUV420P
        case .full: AV_PIX_FMT_YUV444P
        }
    }
}
