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
        guard isNumeric, min(imageSize.height, imageSize.width) >= 8 else { return false }
        return video?.isDepthMap == true || shape.count == 3 && (dtype == "uint8" || isNamedImage)
    }

    /// Returns true if the values of a camera are distances.
    public var isDepth: Bool { isImage && video?.isDepthMap == true }

    /// True if the name says that numbers of three axes are colour levels.
    var isNamedImage = false

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

    /// Returns true if two features are described in the same way.
    public static func == (left: Self, right: Self) -> Bool {
        (left.dtype, left.shape, left.names, left.video) == (
            right.dtype, right.shape, right.names, right.video
        )
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

extension Feature {
    /// Describes a column of numbers by its rows; nil where it holds anything else.
    ///
    /// - Parameters:
    ///   - name: Name of the column.
    ///   - type: Arrow's name of its type.
    ///   - reader: A file with the column.
    init?(rowsOf name: String, type: String, in reader: ParquetReader) {
        let scalars = [
            "float": "float32", "double": "float64", "halffloat": "float16", "bool": "bool", "int8": "int8",
            "int16": "int16", "int32": "int32", "int64": "int64", "uint8": "uint8", "uint16": "uint16",
            "uint32": "uint32", "uint64": "uint64",
        ]
        let innermost = type.split { "<>: ".contains($0) }.first { scalars[String($0)] != nil }
        guard !type.contains("struct"), !type.contains("map<"),
            let dtype = innermost.flatMap({ scalars[String($0)] }),
            let group = reader.groups.firstIndex(where: { !$0.isEmpty }),
            let width = try? reader.column(name, groups: group ..< group + 1).width, width > 0
        else { return nil }
        self.init(dtype: dtype, shape: [width])
    }
}
