/// One recorded run.
public struct Episode: Equatable, Sendable {
    /// Segment of a camera's video file with an episode's frames.
    public struct VideoSegment: Equatable, Sendable {
        /// The file, which other episodes may share.
        public let location: FileLocation

        /// Time of the first frame in the file, seconds.
        public let from: Double

        /// End of the last frame in the file, seconds; infinite where the file holds this episode alone.
        public let to: Double
    }

    /// Rows of an episode in one data file.
    struct RowPiece: Equatable, Sendable {
        /// Index of the file among the dataset's data files.
        let file: Int

        /// Rows of the file.
        let rows: Range<Int>
    }

    /// Position among the dataset's episodes.
    public let index: Int

    /// Number that the rows of the episode bear as `episode_index`; it differs from ``index`` where numbers are missing.
    public let number: Int

    /// Instructions, in plain words.
    public let tasks: [String]

    /// The episode's frames among all frames of the dataset.
    public let rows: Range<Int>

    /// The Parquet file with the frames, as the metadata has it; other episodes may share it.
    public let dataFile: FileLocation

    /// Segment of every camera's video; cameras that the episode lacks are not among them.
    public let videos: [String: VideoSegment]

    /// The rows in the data files; none where the files are absent.
    let pieces: [RowPiece]

    /// Number of frames.
    public var length: Int { rows.count }

    /// Describes an episode.
    init(
        index: Int,
        number: Int? = nil,
        tasks: [String],
        rows: Range<Int>,
        dataFile: FileLocation,
        videos: [String: VideoSegment],
        pieces: [RowPiece] = []
    ) {
        self.index = index
        self.number = number ?? index
        self.tasks = tasks
        self.rows = rows
        self.dataFile = dataFile
        self.videos = videos
        self.pieces = pieces
    }
}
