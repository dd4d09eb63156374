import CFFmpeg
import Foundation

/// Opens video files.
enum VideoFile {
    /// A decoder for the first video stream of a file.
    struct Opened {
        let demuxer: UnsafeMutablePointer<AVFormatContext>
        let coder: UnsafeMutablePointer<AVCodecContext>
        let stream: UnsafeMutablePointer<AVStream>
    }

    /// Opens a container and looks into it.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - ignoresEditList: True to include frames that an edit list hides.
    ///   - needsPixelFormat: True to look into the frames for it where the head of the file does not say.
    /// - Returns: The container.
    /// - Throws: ``LeRobotError/video(file:at:reason:)`` when it is no video, or cut off.
    static func demuxer(
        of file: URL,
        ignoresEditList: Bool = false,
        needsPixelFormat: Bool = false
    ) throws(LeRobotError) -> UnsafeMutablePointer<AVFormatContext> {
        _ = FFmpeg.isQuiet
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw .unreadable(file: file.path, reason: "no such file")
        }
        var demuxer: UnsafeMutablePointer<AVFormatContext>?
        var options: OpaquePointer?
        defer { av_dict_free(&options) }
        if ignoresEditList { av_dict_set(&options, "ignore_editlist", "1", 0) }
        let code = avformat_open_input(&demuxer, file.path, nil, &options)
        guard code >= 0, let input = demuxer else { throw incomplete(file, FFmpeg.message(code)) }
        guard needsPixelFormat || !isDescribed(input) else { return input }
        let found = avformat_find_stream_info(input, nil)
        guard found >= 0 else {
            avformat_close_input(&demuxer)
            throw incomplete(file, FFmpeg.message(found))
        }
        return input
    }

    /// Returns true if the head of the file says all that is needed, so that no frames have to be decoded for it.
    ///
    /// So it is for AV1 in MP4: its frames are never reordered, which for other codecs is seen in the frames alone.
    private static func isDescribed(_ input: UnsafeMutablePointer<AVFormatContext>) -> Bool {
        guard input.pointee.nb_streams == 1, let stream = input.pointee.streams[0],
            let format = input.pointee.iformat.flatMap({ String(cString: $0.pointee.name) }),
            format.contains("mp4")
        else { return false }
        let parameters = stream.pointee.codecpar.pointee
        return parameters.codec_id == AV_CODEC_ID_AV1 && parameters.width > 0
            && stream.pointee.nb_frames > 0
    }

    /// The first video stream and its decoder.
    static func stream(
        of demuxer: UnsafeMutablePointer<AVFormatContext>,
        file: URL
    ) throws(LeRobotError) -> (stream: UnsafeMutablePointer<AVStream>, codec: UnsafePointer<AVCodec>) {
        var codec: UnsafePointer<AVCodec>?
        let index = av_find_best_stream(demuxer, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0)
        guard index >= 0, let stream = demuxer.pointee.streams[Int(index)], let codec else {
            throw incomplete(file, FFmpeg.message(index))
        }
        return (stream, codec)
    }

    /// Opens a file and a decoder.
    static func open(_ file: URL, ignoresEditList: Bool) throws(LeRobotError) -> Opened {
        var input: UnsafeMutablePointer<AVFormatContext>? = try demuxer(
            of: file,
            ignoresEditList: ignoresEditList
        )
        var coder: UnsafeMutablePointer<AVCodecContext>?
        func failure(_ reason: String) -> LeRobotError {
            .video(file: file.path, at: "opening", reason: reason)
        }
        do throws(LeRobotError) {
            guard let demuxer = input else { throw failure("no memory") }
            let (stream, codec) = try stream(of: demuxer, file: file)
            coder = avcodec_alloc_context3(codec)
            guard let opened = coder else { throw failure("no memory") }
            avcodec_parameters_to_context(opened, stream.pointee.codecpar)
            opened.pointee.pkt_timebase = stream.pointee.time_base
            opened.pointee.thread_count = 1
            opened.pointee.err_recognition = AV_EF_EXPLODE
            let ready = avcodec_open2(opened, codec, nil)
            guard ready >= 0 else { throw failure(FFmpeg.message(ready)) }
            return Opened(demuxer: demuxer, coder: opened, stream: stream)
        } catch {
            avcodec_free_context(&coder)
            avformat_close_input(&input)
            throw error
        }
    }

    /// Size of a file's frames.
    static func size(of file: URL) throws(LeRobotError) -> (height: Int, width: Int) {
        var input: UnsafeMutablePointer<AVFormatContext>? = try demuxer(of: file)
        defer { avformat_close_input(&input) }
        guard let demuxer = input else { throw .video(file: file.path, at: "opening", reason: "no memory") }
        let parameters = try stream(of: demuxer, file: file).stream.pointee.codecpar.pointee
        return (Int(parameters.height), Int(parameters.width))
    }

    private static func incomplete(_ file: URL, _ message: String) -> LeRobotError {
        let start = (try? FileHandle(forReadingFrom: file).read(upToCount: 64)) ?? Data()
        let reason =
            start.isEmpty
            ? "the file is empty (0 bytes): the recording was interrupted or the copy is incomplete"
            : start.starts(with: Data("version http".utf8))
                ? "it is a pointer of Git LFS instead of the file; fetch it with `git lfs pull`"
                : start.dropFirst(4).starts(with: Data("ftyp".utf8))
                    ? "the file is incomplete: the recording was interrupted before its index was written, or the copy "
                        + "was cut off (\(message))"
                    : "it is no video, or its index is cut off (\(message))"
        return .video(file: file.path, at: "opening", reason: reason)
    }
}
