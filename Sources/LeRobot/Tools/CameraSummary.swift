import CFFmpeg
import Foundation

/// A camera of a dataset as its files have it.
public struct CameraSummary: Encodable, Equatable, Sendable {
    /// Name of the feature.
    public let name: String

    /// Type of the feature: `video`, or `image` and others for images in Parquet.
    public let dtype: String

    /// Name of the codec: FFmpeg's of a video, `png`, `jpeg` or `raw` of images; nil where no file is there.
    public let codec: String?

    /// FFmpeg's name of a video's pixel format; nil for images and absent files.
    public let pixelFormat: String?

    /// Rows.
    public let height: Int

    /// Columns.
    public let width: Int

    /// True if the values are distances.
    public let isDepth: Bool

    /// True if the images of at least one episode are there.
    public let isPresent: Bool

    private enum CodingKeys: String, CodingKey {
        case name, dtype, codec, height, width
        case pixelFormat = "pixel_format"
        case isDepth = "is_depth"
        case isPresent = "is_present"
    }
}

extension LeRobotDataset {
    /// All cameras that `meta/info.json` describes, sorted by name, as their first file has them.
    public var cameraSummaries: [CameraSummary] {
        info.features.filter { $0.value.isImage }.sorted { $0.key < $1.key }.map { name, feature in
            let present = (cameras + depthCameras).contains(name)
            var (codec, format): (String?, String?) = (nil, nil)
            var size = feature.imageSize
            if present, feature.dtype == "video" {
                if let found = firstVideo(of: name) {
                    (codec, format) = (found.codec, found.pixelFormat)
                    size = (found.height, found.width)
                }
            } else if present {
                codec = imageCodec(of: name)
            }
            return CameraSummary(
                name: name,
                dtype: feature.dtype,
                codec: codec,
                pixelFormat: format,
                height: size.height,
                width: size.width,
                isDepth: feature.isDepth,
                isPresent: present
            )
        }
    }

    private func firstVideo(of camera: String) -> VideoFile.Properties? {
        for episode in episodes {
            guard let file = try? videoSource.file(camera: camera, episode: episode),
                let found = try? VideoFile.properties(of: file)
            else { continue }
            return found
        }
        return nil
    }

    private func imageCodec(of camera: String) -> String? {
        guard let episode = episodes.first(where: { !$0.pieces.isEmpty }) else { return nil }
        let bytes = try? ImageColumn(dataset: self, camera: camera).storedBytes(episode: episode, frame: 0)
        guard let bytes else { return nil }
        guard let found = ImageDecoder.codec(of: bytes) else { return "raw" }
        return found == AV_CODEC_ID_MJPEG ? "jpeg" : String(cString: avcodec_get_name(found))
    }

    /// Bytes of all files below the folder.
    public var bytesOnDisk: Int {
        let paths = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.fileSizeKey])
        var total = 0
        while let file = paths?.nextObject() as? URL {
            total += (try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
        }
        return total
    }
}

extension VideoFile {
    /// Codec and size of a file's frames.
    struct Properties: Equatable {
        let codec: String
        let pixelFormat: String?
        let height: Int
        let width: Int
    }

    /// Reads codec and size of the first video stream.
    static func properties(of file: URL) throws(LeRobotError) -> Properties {
        var input: UnsafeMutablePointer<AVFormatContext>? = try demuxer(
            of: file,
            needsPixelFormat: true
        )
        defer { avformat_close_input(&input) }
        guard let demuxer = input else { throw .video(file: file.path, at: "opening", reason: "no memory") }
        let parameters = try stream(of: demuxer, file: file).stream.pointee.codecpar.pointee
        let format = av_get_pix_fmt_name(AVPixelFormat(rawValue: parameters.format))
        return Properties(
            codec: String(cString: avcodec_get_name(parameters.codec_id)),
            pixelFormat: format.map { String(cString: $0) },
            height: Int(parameters.height),
            width: Int(parameters.width)
        )
    }
}
