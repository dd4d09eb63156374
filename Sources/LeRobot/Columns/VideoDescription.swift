import Foundation

/// Storage of a camera's frames according to `meta/info.json`.
public struct VideoDescription: Encodable, Equatable, Sendable {
    /// Rows.
    public var height: Int?
    /// Columns.
    public var width: Int?
    /// FFmpeg's name of the codec, for example `h264`.
    public var codec: String?
    /// FFmpeg's name of the pixel format, for example `yuv420p`.
    public var pixelFormat: String?
    /// True if the values are distances.
    public var isDepthMap: Bool
    /// Frames a second.
    public var fps: Double?
    /// Colours of a pixel.
    public var channels: Int?
    /// True if there is sound.
    public var hasAudio: Bool?
    /// Coding of distances as whole numbers; nil for a colour camera.
    public var depth: DepthCoding?

    /// Describes the frames of a camera.
    public init(
        height: Int? = nil,
        width: Int? = nil,
        codec: String? = nil,
        pixelFormat: String? = nil,
        isDepthMap: Bool = false,
        fps: Double? = nil,
        channels: Int? = nil,
        hasAudio: Bool? = nil,
        depth: DepthCoding? = nil
    ) {
        self.height = height
        self.width = width
        self.codec = codec
        self.pixelFormat = pixelFormat
        self.isDepthMap = isDepthMap
        self.fps = fps
        self.channels = channels
        self.hasAudio = hasAudio
        self.depth = depth
    }

    private enum CodingKeys: String, CodingKey {
        case height = "video.height"
        case width = "video.width"
        case codec = "video.codec"
        case pixelFormat = "video.pix_fmt"
        case isDepthMap = "video.is_depth_map"
        case fps = "video.fps"
        case channels = "video.channels"
        case hasAudio = "has_audio"
        case depthMinimum = "depth_min"
        case depthMaximum = "depth_max"
        case depthShift = "shift"
        case usesLogarithm = "use_log"
        case depthUnit = "depth_unit"
    }

    /// Writes the marks, and the coding of distances.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encodeIfPresent(height, forKey: .height)
        try values.encodeIfPresent(width, forKey: .width)
        try values.encodeIfPresent(codec, forKey: .codec)
        try values.encodeIfPresent(pixelFormat, forKey: .pixelFormat)
        try values.encode(isDepthMap, forKey: .isDepthMap)
        try values.encodeIfPresent(fps, forKey: .fps)
        try values.encodeIfPresent(channels, forKey: .channels)
        try values.encodeIfPresent(hasAudio, forKey: .hasAudio)
        guard isDepthMap, let depth else { return }
        try values.encode(depth.minimum, forKey: .depthMinimum)
        try values.encode(depth.maximum, forKey: .depthMaximum)
        try values.encode(depth.shift, forKey: .depthShift)
        try values.encode(depth.isLogarithmic, forKey: .usesLogarithm)
        try values.encode(depth.unit == 1 ? "m" : "mm", forKey: .depthUnit)
    }
}

/// Coding of distances in a depth camera's frames.
///
/// Source: LeRobot 0.6, `datasets/depth_utils.py`.
public struct DepthCoding: Equatable, Sendable {
    /// Distance of the code 0, metres.
    public var minimum = 0.01

    /// Distance of the largest code, metres.
    public var maximum = 10.0

    /// Added to distances before their logarithm is taken, metres.
    public var shift = 3.5

    /// True if codes are proportional to the logarithm of a distance, false if to the distance itself.
    public var isLogarithmic = true

    /// Metres in one unit of images that hold distances themselves, as 16-bit PNG does: 0.001 for millimetres.
    public var unit = 0.001

    /// LeRobot's defaults.
    public init() {}

    private static let largestCode = 4095.0

    /// The distance of a video's 12-bit code, metres.
    public func metres(ofCode code: UInt16) -> Float {
        let fraction = Double(code) / Self.largestCode
        guard isLogarithmic else { return Float(minimum + fraction * (maximum - minimum)) }
        let low = log(minimum + shift)
        let high = log(maximum + shift)
        return Float(min(max(exp(low + fraction * (high - low)) - shift, minimum), maximum))
    }
}
