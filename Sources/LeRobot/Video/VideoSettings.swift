/// Codec and quality of a video.
public struct VideoSettings: Equatable, Sendable {
    /// Codec of the video.
    public enum Codec: String, Codable, CaseIterable, Sendable {
        /// Plays everywhere.
        case h264
        /// Smaller at equal quality, and slower to write.
        case av1

        /// FFmpeg's name of the encoder.
        var encoder: String {
            switch self {
            case .h264: "libx264"
            case .av1: "libsvtav1"
            }
        }
    }

    /// Chroma subsampling.
    public enum Chroma: String, Codable, CaseIterable, Sendable {
        /// One colour for four pixels: what browsers play.
        case halved = "yuv420p"
        /// A colour for every pixel: an object of two pixels keeps its own.
        case full = "yuv444p"
    }

    /// Codec of the video.
    public var codec: Codec

    /// Chroma subsampling.
    public var chroma: Chroma

    /// Constant rate factor: lower is better and larger.
    public var quality: Int

    /// Encoder preset: speed against size.
    public var preset: String

    /// Number of frames from one keyframe to the next: fewer make random access faster and
    /// files larger.
    public var keyframeInterval: Int

    /// Puts the settings together.
    public init(codec: Codec, chroma: Chroma, quality: Int, preset: String, keyframeInterval: Int) {
        self.codec = codec
        self.chroma = chroma
        self.quality = quality
        self.preset = preset
        self.keyframeInterval = keyframeInterval
    }

    /// For datasets: 900 bytes a frame of 96x96 from MetaWorld, decoded from at most 4 frames before.
    ///
    /// Halved colours at a rate factor of 23 took 400 bytes and blurred what is two pixels large (mean error 3.9 levels
    /// instead of 2.0). Measured with those, on two tasks and two cameras: AV1 at equal size and quality takes 2 to 8
    /// times as long to write, and intervals of 2 and 10 need 650 and 310 bytes.
    public static let dataset = VideoSettings(
        codec: .h264,
        chroma: .full,
        quality: 12,
        preset: "medium",
        keyframeInterval: 5
    )

    /// For videos to be watched: H.264 with rare keyframes.
    public static let watching = VideoSettings(
        codec: .h264,
        chroma: .halved,
        quality: 20,
        preset: "medium",
        keyframeInterval: 50
    )
}
