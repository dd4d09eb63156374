import CFFmpeg

/// Converts images between RGB and the YUV of video.
///
/// Colours are BT.601 unless a frame says otherwise, which is what other readers assume for small images.
final class ColorConverter {
    private var context: OpaquePointer?
    private var source: Key?

    private struct Key: Equatable {
        let width: Int32
        let height: Int32
        let format: Int32
        let target: AVPixelFormat
        let colorspace: AVColorSpace
        let range: AVColorRange
    }

    deinit { sws_freeContext(context) }

    /// Converts `input` into `output`, which has buffers of its size and format.
    ///
    /// - Returns: True if FFmpeg knows the conversion.
    func convert(_ input: UnsafeMutablePointer<AVFrame>, to output: UnsafeMutablePointer<AVFrame>) -> Bool {
        guard prepare(input.pointee, output.pointee) else { return false }
        let rows = withPlanes(input) { inputPlanes, inputStrides in
            withPlanes(output) { outputPlanes, outputStrides in
                sws_scale(
                    context,
                    inputPlanes,
                    inputStrides,
                    0,
                    input.pointee.height,
                    outputPlanes,
                    outputStrides
                )
            }
        }
        return rows == output.pointee.height
    }

    private static let accurate =
        SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP

    /// Returns true for images with halved colours of 8 bits.
    ///
    /// They are converted as PyAV, torchcodec and so LeRobot do, which repeats a colour for its four pixels. Interpolating
    /// colours takes twelve times as long, more than decoding them.
    private static func isQuick(_ input: AVFrame) -> Bool {
        let format = AVPixelFormat(rawValue: input.format)
        return (format == AV_PIX_FMT_YUV420P || format == AV_PIX_FMT_YUVJ420P) && input.height % 2 == 0
            && input.width % 2 == 0
    }

    private func prepare(_ input: AVFrame, _ output: AVFrame) -> Bool {
        let target = AVPixelFormat(rawValue: output.format)
        let isRGB = target == AV_PIX_FMT_RGB24
        let key = Key(
            width: input.width,
            height: input.height,
            format: input.format,
            target: target,
            colorspace: isRGB ? input.colorspace : AVCOL_SPC_SMPTE170M,
            range: input.color_range
        )
        guard key != source || context == nil else { return true }
        sws_freeContext(context)
        context = sws_getContext(
            input.width,
            input.height,
            AVPixelFormat(rawValue: input.format),
            output.width,
            output.height,
            target,
            isRGB && Self.isQuick(input) ? SWS_BILINEAR : Self.accurate,
            nil,
            nil,
            nil
        )
        source = key
        guard context != nil else { return false }
        // Between RGB formats there is no matrix to set.
        let description = av_pix_fmt_desc_get(AVPixelFormat(rawValue: input.format))
        let flags = description?.pointee.flags ?? 0
        if isRGB, flags & UInt64(AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL) != 0 { return true }
        let matrix = sws_getCoefficients(Int32(key.colorspace.rawValue))
        let inputIsFull: Int32 = !isRGB || input.color_range == AVCOL_RANGE_JPEG ? 1 : 0
        let unity: Int32 = 1 << 16
        return sws_setColorspaceDetails(context, matrix, inputIsFull, matrix, isRGB ? 1 : 0, 0, unity, unity)
            >= 0
    }

    private func withPlanes<Result>(
        _ frame: UnsafeMutablePointer<AVFrame>,
        _ body: (UnsafePointer<UnsafePointer<UInt8>?>, UnsafePointer<Int32>) -> Result
    ) -> Result {
        let data = frame.pointee.data
        let planes: [UnsafePointer<UInt8>?] = [data.0, data.1, data.2, data.3].map {
            $0.map { UnsafePointer($0) }
        }
        let sizes = frame.pointee.linesize
        return body(planes, [sizes.0, sizes.1, sizes.2, sizes.3])
    }

    private func withPlanes<Result>(
        _ frame: UnsafeMutablePointer<AVFrame>,
        _ body: (UnsafePointer<UnsafeMutablePointer<UInt8>?>, UnsafePointer<Int32>) -> Result
    ) -> Result {
        let data = frame.pointee.data
        let sizes = frame.pointee.linesize
        return body([data.0, data.1, data.2, data.3], [sizes.0, sizes.1, sizes.2, sizes.3])
    }
}
