public import RobotTypes

/// Start of a chunk of actions.
public struct ChunkStart: Hashable, Sendable {
    /// Position of the episode in the dataset.
    public var episode: Int

    /// Position of the first step in the episode.
    public var frame: Int

    /// Names a step of an episode.
    public init(episode: Int, frame: Int) {
        self.episode = episode
        self.frame = frame
    }
}

/// Cuts the actions of a dataset into chunks of one length.
///
/// A chunk that reaches beyond its episode repeats the episode's last action, and says how many of its
/// steps are real.
public struct ChunkSampler: Sendable {
    /// Episodes of the dataset, in order.
    public let episodes: [Episode]

    /// The values that are cut, one row a frame.
    public let column: FrameTable.Column

    /// Prepares to cut a feature of a dataset.
    ///
    /// - Parameters:
    ///   - dataset: The dataset.
    ///   - table: Its numbers.
    ///   - feature: Name of the feature.
    /// - Throws: ``LeRobotError/noSuchFeature(_:expected:available:)``.
    public init(
        dataset: LeRobotDataset,
        table: FrameTable,
        feature: String = "action"
    ) throws(LeRobotError) {
        episodes = dataset.episodes
        column = try table.column(feature)
    }

    /// Prepares to cut `column`, one row for every frame of `dataset`.
    public init(dataset: LeRobotDataset, column: FrameTable.Column) {
        precondition(
            column.values.count == dataset.frameCount * column.dimension,
            "a column has a row for every frame"
        )
        episodes = dataset.episodes
        self.column = column
    }

    /// Every `stride`-th step of some episodes, in order.
    ///
    /// - Parameters:
    ///   - episodes: Positions of the episodes; nil for all.
    ///   - stride: Steps from one start to the next.
    /// - Returns: At least one start for every episode.
    /// - Throws: ``LeRobotError/outOfRange(what:index:count:)`` when there is no such episode.
    public func starts(episodes: [Int]? = nil, stride: Int = 1) throws(LeRobotError) -> [ChunkStart] {
        precondition(stride > 0, "a stride is at least 1")
        var starts: [ChunkStart] = []
        for episode in episodes ?? Array(self.episodes.indices) {
            guard self.episodes.indices.contains(episode) else {
                throw .outOfRange(what: "episode", index: episode, count: self.episodes.count)
            }
            for frame in Swift.stride(from: 0, to: self.episodes[episode].length, by: stride) {
                starts.append(ChunkStart(episode: episode, frame: frame))
            }
        }
        return starts
    }

    /// The frame of the dataset at which a chunk begins.
    public func row(of start: ChunkStart) -> Int { episodes[start.episode].rows.lowerBound + start.frame }

    /// The chunks that begin at `starts`, `[starts.count, horizon, dimension]`.
    public func chunks(at starts: some Collection<ChunkStart>, horizon: Int) -> ActionChunks {
        precondition(horizon > 0, "a chunk has at least one step")
        var values: [Float] = []
        values.reserveCapacity(starts.count * horizon * column.dimension)
        var validSteps: [Int] = []
        for start in starts {
            let end = episodes[start.episode].rows.upperBound
            let first = row(of: start)
            precondition(start.frame >= 0 && first < end, "a chunk begins inside its episode")
            let valid = min(horizon, end - first)
            values.append(contentsOf: column.rows(first ..< first + valid))
            values.append(contentsOf: repeatElement(0, count: (horizon - valid) * column.dimension))
            validSteps.append(valid)
        }
        return ActionChunks(
            count: starts.count,
            horizon: horizon,
            dimension: column.dimension,
            values: values,
            validSteps: validSteps
        )
    }

    /// The chunks that begin at every `stride`-th step of some episodes.
    ///
    /// - Parameters:
    ///   - horizon: Steps in a chunk.
    ///   - episodes: Positions of the episodes; nil for all.
    ///   - stride: Steps from one start to the next.
    /// - Returns: `[count, horizon, dimension]`, in the order of ``starts(episodes:stride:)``.
    /// - Throws: ``LeRobotError/outOfRange(what:index:count:)`` when there is no such episode.
    public func chunks(horizon: Int, episodes: [Int]? = nil, stride: Int = 1) throws(LeRobotError)
        -> ActionChunks
    {
        chunks(at: try starts(episodes: episodes, stride: stride), horizon: horizon)
    }
}
