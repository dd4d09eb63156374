import CFFmpeg
public import Foundation
public import RobotTypes

/// Writes images of one size into an MP4 file.
///
/// Encoding uses one thread, so equal images give equal files.
public final class VideoEncoder {
    /// Frames written so far.
    public var frameCount: Int { encoder.frameCount }

    /// Path of the file in errors.
    private let file: URL
    private let width: Int
    private let height: Int
    private let encoder: MP4Encoder
    private let converter = ColorConverter()
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
        let file = file ?? output
        self.file = file
        self.width = width
        self.height = height
        let step = settings.chroma == .halved ? 2 : 1
        guard width > 0, height > 0, width % step == 0, height % step == 0 else {
            throw .invalidData(
                field: "size of \(file.lastPathComponent)",
                expected: step == 2 ? "even numbers" : "positive numbers",
                found: "\(width)x\(height)"
            )
        }
        encoder = try MP4Encoder(
            creating: output,
            as: file,
            encoder: settings.codec.encoder,
            rate: FFmpeg.rational(fps),
            startsWithIndex: true
        ) { coder in
            coder.pointee.width = Int32(width)
            coder.pointee.height = Int32(height)
            Self.configure(coder, settings)
        }
        rgb = FFmpeg.allocateFrame(width: Int32(width), height: Int32(height), format: AV_PIX_FMT_RGB24)
        yuv = FFmpeg.allocateFrame(width: Int32(width), height: Int32(height), format: settings.chroma.format)
    }

    deinit {
        av_frame_free(&rgb)
        av_frame_free(&yuv)
    }

    /// Bytes in the file so far; the last frames may still be on their way.
    public var byteCount: Int { encoder.byteCount }

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
        try encoder.append(yuv, isKeyframe: startsSequence)
    }

    /// Writes what is still in the encoder and the index, and closes the file.
    ///
    /// - Throws: ``LeRobotError`` when the file cannot be written.
    public func finish() throws(LeRobotError) { try encoder.finish() }

    private static func configure(
        _ coder: UnsafeMutablePointer<AVCodecContext>,
        _ settings: VideoSettings
    ) {
        // SVT-AV1 reads its log level when it starts.
        if settings.codec == .av1 { setenv("SVT_LOG", "1", 0) }
        coder.pointee.pix_fmt = settings.chroma.format
        coder.pointee.gop_size = Int32(settings.keyframeInterval)
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
