import CFFmpeg
import RobotTypes

/// Helpers around FFmpeg's C interface.
enum FFmpeg {
    /// Keeps FFmpeg from printing: what goes wrong is thrown.
    static let isQuiet: Bool = {
        av_log_set_level(AV_LOG_QUIET)
        return true
    }()

    /// FFmpeg's words for an error code.
    static func message(_ code: Int32) -> String {
        var text = [CChar](repeating: 0, count: 256)
        guard av_strerror(code, &text, text.count) == 0 else { return "error \(code)" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The rational number nearest to a rate.
    static func rational(_ rate: Double) -> AVRational { av_d2q(rate, 1_000_000) }

    /// One over a rational number.
    static func inverse(_ value: AVRational) -> AVRational { AVRational(num: value.den, den: value.num) }

    /// An empty frame with buffers for its pixels; nil without memory.
    static func allocateFrame(width: Int32, height: Int32, format: AVPixelFormat) -> UnsafeMutablePointer<
        AVFrame
    >? {
        var frame = av_frame_alloc()
        frame?.pointee.width = width
        frame?.pointee.height = height
        frame?.pointee.format = format.rawValue
        guard frame != nil, av_frame_get_buffer(frame, 64) == 0 else {
            av_frame_free(&frame)
            return nil
        }
        return frame
    }

    /// Copies an RGB frame, row after row.
    static func copyRGB(_ frame: UnsafeMutablePointer<AVFrame>, to pixels: UnsafeMutableBufferPointer<UInt8>)
    {
        guard let source = frame.pointee.data.0 else { return }
        let stride = Int(frame.pointee.linesize.0)
        let size = Int(frame.pointee.width) * 3
        for row in 0 ..< Int(frame.pointee.height) {
            let line = UnsafeMutableBufferPointer(rebasing: pixels[row * size ..< (row + 1) * size])
            _ = line.update(fromContentsOf: UnsafeBufferPointer(start: source + row * stride, count: size))
        }
    }

    /// Copies an image into an RGB frame of its size.
    static func fill(_ frame: UnsafeMutablePointer<AVFrame>, with image: Image) {
        guard let target = frame.pointee.data.0 else { return }
        frame.pointee.color_range = AVCOL_RANGE_JPEG
        let stride = Int(frame.pointee.linesize.0)
        let size = image.width * 3
        image.pixels.withUnsafeBufferPointer { pixels in
            for row in 0 ..< image.height {
                let line = UnsafeBufferPointer(rebasing: pixels[row * size ..< (row + 1) * size])
                _ = UnsafeMutableBufferPointer(start: target + row * stride, count: size).update(
                    fromContentsOf: line
                )
            }
        }
    }
}
