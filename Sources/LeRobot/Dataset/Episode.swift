/// One recorded run.
public struct Episode: Equatable, Sendable {
    /// Where a camera's frames of an episode lie.
    public struct VideoSegment: Equatable, Sendable {
        /// The file, which other episodes share.
        public let location: FileLocation

        /// Time of the first frame in the file, seconds.
        public let from: Double

        /// End of the last frame in the file, seconds.
        public let to: Double
    }

    /// Position among the dataset's episodes.
    public let index: Int

    /// What was done, in plain words.
    public let tasks: [String]

    /// The episode's frames among all frames of the dataset.
    public let rows: Range<Int>

    /// The Parquet file with the frames, which other episodes share.
    public let dataFile: FileLocation

    /// Where the frames of every camera lie.
    public let videos: [String: VideoSegment]

    /// Number of frames.
    public var length: Int { rows.count }
}
