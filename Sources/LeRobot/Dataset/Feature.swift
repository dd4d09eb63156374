/// One column, or camera, of a dataset as `meta/info.json` describes it.
public struct Feature: Codable, Equatable, Sendable {
    /// `float32`, `int64`, ..., `bool`, `string`, `video` or `image`.
    public var dtype: String

    /// Shape of one frame's value; `[height, width, 3]` for a camera.
    public var shape: [Int]

    /// Names of the columns; of the axes for a camera.
    public var names: [String]?

    /// How a camera's frames are stored.
    public var video: VideoDescription?

    /// Values of one frame.
    public var dimension: Int { shape.reduce(1, *) }

    /// Whether the values are numbers stored in Parquet.
    public var isNumeric: Bool { Self.numericTypes.contains(dtype) }

    static let numericTypes: Set<String> = [
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16",
        "float32",
        "float64",
    ]

    /// Describes a feature.
    public init(dtype: String, shape: [Int], names: [String]? = nil, video: VideoDescription? = nil) {
        self.dtype = dtype
        self.shape = shape
        self.names = names
        self.video = video
    }

    private enum CodingKeys: String, CodingKey {
        case dtype
        case shape
        case names
        case video = "info"
    }

    /// Reads a feature; `names` may also be a dictionary of axes, as in `{"motors": [...]}`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        dtype = try values.decode(String.self, forKey: .dtype)
        shape = try values.decode([Int].self, forKey: .shape)
        let sizes = shape.filter { $0 > 0 && $0 < 1 << 20 }
        guard sizes.count == shape.count, sizes.reduce(1.0, { $0 * Double($1) }) < 1e9 else {
            throw DecodingError.dataCorruptedError(
                forKey: .shape,
                in: values,
                debugDescription: "\(shape) is not a list of positive sizes"
            )
        }
        let axes = try? values.decode([String: [String]].self, forKey: .names)
        names = (try? values.decode([String].self, forKey: .names)) ?? axes?.first?.value
        video = try? values.decode(VideoDescription.self, forKey: .video)
    }

    /// Writes `names` also where it is null, as LeRobot does.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(dtype, forKey: .dtype)
        try values.encode(shape, forKey: .shape)
        try values.encode(names, forKey: .names)
        try values.encodeIfPresent(video, forKey: .video)
    }
}

/// How the frames of a camera are stored.
public struct VideoDescription: Codable, Equatable, Sendable {
    /// Rows.
    public var height: Int
    /// Columns.
    public var width: Int
    /// FFmpeg's name of the codec, for example `h264`.
    public var codec: String
    /// FFmpeg's name of the pixel format, for example `yuv420p`.
    public var pixelFormat: String
    /// Whether the values are distances.
    public var isDepthMap: Bool
    /// Frames a second.
    public var fps: Double
    /// Colours of a pixel.
    public var channels: Int
    /// Whether there is sound.
    public var hasAudio: Bool

    private enum CodingKeys: String, CodingKey {
        case height = "video.height"
        case width = "video.width"
        case codec = "video.codec"
        case pixelFormat = "video.pix_fmt"
        case isDepthMap = "video.is_depth_map"
        case fps = "video.fps"
        case channels = "video.channels"
        case hasAudio = "has_audio"
    }
}
