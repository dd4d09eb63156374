public import RobotTypes

/// Chunks that tokenizers are compared on.
public struct ComparedChunks: Sendable {
    /// Chunks in the robot's units.
    public let chunks: ActionChunks

    /// Index of the episode of every chunk.
    public let episodes: [Int]

    /// Normalization of the units in which errors of all tokenizers are measured.
    public let normalization: Normalization

    /// Names of the columns.
    public let columns: [String]

    /// Meaning of the columns.
    public let space: ActionSpace

    /// Creates the chunks of a comparison.
    ///
    /// - Parameters:
    ///   - chunks: Chunks in the robot's units, at least one.
    ///   - episodes: Index of the episode of every chunk without gaps.
    ///   - normalization: Normalization of the units in which errors are measured.
    ///   - columns: Names of the columns.
    ///   - space: Meaning of the columns.
    public init(
        _ chunks: ActionChunks,
        episodes: [Int],
        normalization: Normalization,
        columns: [String],
        space: ActionSpace
    ) {
        precondition(chunks.count > 0 && episodes.count == chunks.count, "one episode a chunk")
        precondition(columns.count == chunks.dimension, "one name a column")
        self.chunks = chunks
        self.episodes = episodes
        self.normalization = normalization
        self.columns = columns
        self.space = space
    }

    /// Number of episodes.
    public var episodeCount: Int { (episodes.max() ?? 0) + 1 }

    /// The chunks in the units that errors are measured in.
    func normalized(_ robotUnits: ActionChunks) -> ActionChunks {
        var result = robotUnits
        result.values = normalization.normalized(robotUnits.values)
        return result
    }
}
