import CFFmpeg
import Foundation

/// Writes decoded frames into an MP4 file, every number as it is.
///
/// For distances, whose codes are no colours.
final class LosslessEncoder {
    private let file: URL
    private let encoder: MP4Encoder

    /// FFmpeg's name of the codec.
    static let codec = "hevc"

    /// Creates the file.
    ///
    /// - Parameters:
    ///   - file: Path of the file.
    ///   - frame: A frame with the size and pixel format of all.
    ///   - fps: Frames a second.
    /// - Throws: ``LeRobotError`` when FFmpeg has no lossless encoder for the format, or the file cannot be created.
    init(creating file: URL, like frame: UnsafePointer<AVFrame>, fps: Double) throws(LeRobotError) {
        self.file = file
        encoder = try MP4Encoder(
            creating: file,
            as: file,
            encoder: "libx265",
            rate: FFmpeg.rational(fps),
            startsWithIndex: false
        ) { coder in
            coder.pointee.width = frame.pointee.width
            coder.pointee.height = frame.pointee.height
            coder.pointee.pix_fmt = AVPixelFormat(rawValue: frame.pointee.format)
            coder.pointee.color_range = frame.pointee.color_range
            av_opt_set(coder.pointee.priv_data, "preset", "veryfast", 0)
            let parameters = "lossless=1:bframes=0:log-level=none:pools=none:frame-threads=1"
            av_opt_set(coder.pointee.priv_data, "x265-params", parameters, 0)
        }
    }

    /// Writes one more frame; the first is a keyframe.
    ///
    /// - Throws: ``LeRobotError`` when the file cannot be written.
    func append(_ frame: UnsafePointer<AVFrame>) throws(LeRobotError) {
        var copy = av_frame_clone(frame)
        defer { av_frame_free(&copy) }
        guard let copy else { throw .unwritable(file: file.path, reason: "no memory") }
        try encoder.append(copy, isKeyframe: encoder.frameCount == 0)
    }

    /// Writes what is still in the encoder and the index, and closes the file.
    ///
    /// - Throws: ``LeRobotError`` when the file cannot be written.
    func finish() throws(LeRobotError) { try encoder.finish() }
}
