import CFFmpeg
public import Foundation
public import RobotTypes

/// Decodes the bytes of an image file: PNG, JPEG, WebP, TIFF, BMP or GIF.
final class ImageDecoder {
    private let converter = ColorConverter()

    /// Pixels of the largest image that is decoded: some kilobytes can promise gigabytes.
    private static let mostPixels: Int64 = 1 << 27

    /// FFmpeg's decoder for bytes; nil for bytes of no image file.
    static func codec(of bytes: Data) -> AVCodecID? {
        func starts(_ text: String) -> Bool { bytes.starts(with: Data(text.utf8)) }
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return AV_CODEC_ID_PNG }
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return AV_CODEC_ID_MJPEG }
        if starts("RIFF"), bytes.dropFirst(8).starts(with: Data("WEBP".utf8)) { return AV_CODEC_ID_WEBP }
        if starts("II*\0") || starts("MM\0*") { return AV_CODEC_ID_TIFF }
        if starts("BM") { return AV_CODEC_ID_BMP }
        if starts("GIF8") { return AV_CODEC_ID_GIF }
        return nil
    }

    /// Returns true for a PNG of one channel of 16 bits, which no colour camera gives.
    static func holdsDistances(_ bytes: Data) -> Bool {
        let head = bytes.prefix(26)
        return head.count == 26 && codec(of: head) == AV_CODEC_ID_PNG
            && head.suffix(2).elementsEqual([16, 0])
    }

    /// Returns true unless the end of a PNG, JPEG or GIF file is cut off.
    static func isWhole(_ bytes: Data) -> Bool {
        switch codec(of: bytes) {
        case AV_CODEC_ID_PNG?: bytes.suffix(64).range(of: Data("IEND".utf8)) != nil
        case AV_CODEC_ID_MJPEG?: bytes.suffix(64).range(of: Data([0xFF, 0xD9])) != nil
        case AV_CODEC_ID_GIF?: bytes.last { $0 != 0 } == 0x3B
        default: true
        }
    }

    /// The image in colours; 16-bit levels are reduced to 8 bits.
    ///
    /// - Throws: ``LeRobotError/unreadable(file:reason:)`` with `name` as the file.
    func image(_ bytes: Data, name: String) throws(LeRobotError) -> Image {
        try withFrame(bytes, name: name) { (frame) throws(LeRobotError) in
            let (width, height) = (frame.pointee.width, frame.pointee.height)
            // An image file's grey goes from black to white, as its colours do.
            if frame.pointee.color_range == AVCOL_RANGE_UNSPECIFIED {
                frame.pointee.color_range = AVCOL_RANGE_JPEG
            }
            var rgb = FFmpeg.allocateFrame(width: width, height: height, format: AV_PIX_FMT_RGB24)
            defer { av_frame_free(&rgb) }
            guard let target = rgb, converter.convert(frame, to: target) else {
                throw .unreadable(file: name, reason: "its colours cannot be converted")
            }
            var pixels = [UInt8](repeating: 0, count: Int(width) * Int(height) * 3)
            pixels.withUnsafeMutableBufferPointer { FFmpeg.copyRGB(target, to: $0) }
            return Image(width: Int(width), height: Int(height), pixels: pixels)
        }
    }

    /// Distances that an image of one channel holds, in a unit of so many metres.
    func depth(_ bytes: Data, unit: Double, name: String) throws(LeRobotError) -> DepthImage {
        try withFrame(bytes, name: name) { (frame) throws(LeRobotError) in
            guard let depth = DepthImage(distances: frame, unit: unit) else {
                throw .unreadable(file: name, reason: "expected one channel of distances, found colours")
            }
            return depth
        }
    }

    private func withFrame<Result>(
        _ bytes: Data,
        name: String,
        _ body: (UnsafeMutablePointer<AVFrame>) throws(LeRobotError) -> Result
    ) throws(LeRobotError) -> Result {
        _ = FFmpeg.isQuiet
        func check(_ code: Int32) throws(LeRobotError) {
            if code < 0 {
                throw .unreadable(
                    file: name,
                    reason: "the image is damaged, or has more than \(Self.mostPixels) pixels: "
                        + FFmpeg.message(code)
                )
            }
        }
        guard let id = Self.codec(of: bytes), let codec = avcodec_find_decoder(id) else {
            throw .unreadable(
                file: name,
                reason: "no image that FFmpeg can decode (PNG, JPEG, WebP, TIFF, BMP, GIF)"
            )
        }
        // FFmpeg leaves the rows that a GIF lacks as they are.
        guard id != AV_CODEC_ID_GIF || Self.isWhole(bytes) else {
            throw .unreadable(file: name, reason: "the image is damaged: its end is cut off")
        }
        var coder = avcodec_alloc_context3(codec)
        var packet = av_packet_alloc()
        var frame = av_frame_alloc()
        defer {
            avcodec_free_context(&coder)
            av_packet_free(&packet)
            av_frame_free(&frame)
        }
        guard let frame, let packet, let coder else { throw .unreadable(file: name, reason: "no memory") }
        coder.pointee.thread_count = 1
        coder.pointee.err_recognition = AV_EF_EXPLODE
        coder.pointee.max_pixels = Self.mostPixels
        try check(avcodec_open2(coder, codec, nil))
        try check(av_new_packet(packet, Int32(clamping: bytes.count)))
        _ = bytes.copyBytes(to: UnsafeMutableBufferPointer(start: packet.pointee.data, count: bytes.count))
        try check(avcodec_send_packet(coder, packet))
        try check(avcodec_send_packet(coder, nil))
        try check(avcodec_receive_frame(coder, frame))
        return try body(frame)
    }
}

/// The colours of an image file: PNG, JPEG, WebP, TIFF, BMP or GIF.
///
/// - Parameters:
///   - bytes: Content of the file.
///   - name: Name of the image in errors.
/// - Returns: The image, in the size of the file.
/// - Throws: ``LeRobotError/unreadable(file:reason:)``, also for a PNG of distances.
public func decodeImageFile(_ bytes: Data, name: String) throws(LeRobotError) -> Image {
    guard !ImageDecoder.holdsDistances(bytes) else {
        throw .unreadable(file: name, reason: "expected colours, found distances (one channel of 16 bits)")
    }
    return try ImageDecoder().image(bytes, name: name)
}
