/// One column, or camera, of a dataset as `meta/info.json` describes it.
public struct Feature: Encodable, Equatable, Sendable {
    /// `float32`, `int64`, ..., `bool`, `string`, `video` or `image`.
    public var dtype: String

    /// Shape of one frame's value; `[height, width, 3]` for a camera.
    public var shape: [Int]

    /// Names of the columns, one each, or of a camera's axes; nil where the file has none that fit the shape.
    public var names: [String]?

    /// Storage of a camera's frames.
    public var video: VideoDescription?

    /// Number of values of one frame.
    public var dimension: Int { shape.reduce(1, *) }

    /// Returns true if the values are numbers stored in Parquet.
    public var isNumeric: Bool { Self.numericTypes.contains(dtype) }

    /// Returns true if every frame's value is an image: a video, an image in Parquet, or nested lists of colour levels.
    public var isImage: Bool {
        guard dtype != "video", dtype != "image" else { return true }
        return dtype == "uint8" && shape.count == 3 && min(imageSize.height, imageSize.width) >= 8
    }

    /// Returns true if the values of a camera are distances.
    public var isDepth: Bool { isImage && video?.isDepthMap == true }

    static let numericTypes: Set<String> = [
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16",
        "float32", "float64",
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

    /// Writes `names` also where it is null, as LeRobot does.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(dtype, forKey: .dtype)
        try values.encode(shape, forKey: .shape)
        try values.encode(names, forKey: .names)
        try values.encodeIfPresent(video, forKey: .video)
    }

    /// Returns true if the shape is `[channels, height, width]`.
    ///
    /// The sizes decide unless both ends could be channels; then the names of the axes do.
    private var isChannelsFirst: Bool {
        let channels: Set = [1, 3, 4]
        guard channels.contains(shape[0]) else { return false }
        return !channels.contains(shape[2]) || names?.first?.lowercased().hasPrefix("c") ?? false
    }

    /// Size of a camera's images, of the shape `[height, width, 3]`, `[3, height, width]` or `[height, width]`; zero for
    /// any other shape.
    public var imageSize: (height: Int, width: Int) {
        switch shape.count {
        case 2: (shape[0], shape[1])
        case 3: isChannelsFirst ? (shape[1], shape[2]) : (shape[0], shape[1])
        default: (0, 0)
        }
    }

    /// Position of the channels' axis in the shape, and their number.
    var channels: (isFirst: Bool, count: Int) {
        guard shape.count == 3 else { return (false, 1) }
        return isChannelsFirst ? (true, shape[0]) : (false, shape[2])
    }
}
