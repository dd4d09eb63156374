import CFFmpeg
public import Foundation
public import RobotTypes
internal import Support

/// Writes an image as PNG, without loss.
///
/// The file appears whole or not at all.
///
/// - Parameters:
///   - image: The image.
///   - file: Path of the file; an existing file is replaced.
/// - Throws: ``LeRobotError/unwritable(file:reason:)``.
public func writePNG(_ image: Image, to file: URL) throws(LeRobotError) {
    let bytes = try pngBytes(of: image, file: file)
    try durably(file) { try DurableFile.write(bytes, to: file) }
}

/// The bytes of a PNG file; errors name `file`.
func pngBytes(of image: Image, file: URL) throws(LeRobotError) -> Data {
    _ = FFmpeg.isQuiet
    func check(_ code: Int32) throws(LeRobotError) {
        if code < 0 { throw .unwritable(file: file.path, reason: FFmpeg.message(code)) }
    }
    guard let codec = avcodec_find_encoder(AV_CODEC_ID_PNG) else {
        throw .unwritable(file: file.path, reason: "FFmpeg was built without PNG")
    }
    var coder = avcodec_alloc_context3(codec)
    var allocated = FFmpeg.allocateFrame(
        width: Int32(image.width),
        height: Int32(image.height),
        format: AV_PIX_FMT_RGB24
    )
    var packet = av_packet_alloc()
    defer {
        avcodec_free_context(&coder)
        av_frame_free(&allocated)
        av_packet_free(&packet)
    }
    guard let context = coder, let frame = allocated else {
        throw .unwritable(file: file.path, reason: "no memory for \(image.width)x\(image.height) pixels")
    }
    context.pointee.width = Int32(image.width)
    context.pointee.height = Int32(image.height)
    context.pointee.pix_fmt = AV_PIX_FMT_RGB24
    context.pointee.time_base = AVRational(num: 1, den: 1)
    context.pointee.thread_count = 1
    FFmpeg.fill(frame, with: image)
    try check(avcodec_open2(context, codec, nil))
    try check(avcodec_send_frame(context, frame))
    try check(avcodec_send_frame(context, nil))
    try check(avcodec_receive_packet(context, packet))
    guard let packet, let bytes = packet.pointee.data else {
        throw .unwritable(file: file.path, reason: "the encoder gave no image")
    }
    return Data(bytes: bytes, count: Int(packet.pointee.size))
}
