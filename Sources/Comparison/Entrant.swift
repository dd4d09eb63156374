public import ActionTokenizers
public import RobotTypes

/// A tokenizer that takes part in a comparison.
public struct Entrant: Sendable {
    /// Name of the line that joins its rates in a chart; entrants of one line are joined too, such as FAST at several
    /// scales.
    public var line: String

    /// What tells it from others of its line, for example `scale=5`; empty where nothing needs to.
    public var label: String

    /// The tokenizer, once for every seed of its training.
    public var tokenizers: [any ActionTokenizer]

    /// Takes part under a name.
    public init(line: String, label: String = "", tokenizers: [any ActionTokenizer]) {
        precondition(!tokenizers.isEmpty, "an entrant needs a tokenizer")
        self.line = line
        self.label = label
        self.tokenizers = tokenizers
    }

    /// Whether this is FASTerVQ, about which verdicts speak.
    var isOwn: Bool { tokenizers.allSatisfy { $0.name.hasPrefix("fastervq") } }
}

/// Chunks that tokenizers are compared on.
public struct ComparedChunks: Sendable {
    /// Chunks in the robot's units.
    public let chunks: ActionChunks

    /// Which episode every chunk is from, counted from 0.
    public let episodes: [Int]

    /// In whose units errors are measured, whatever a tokenizer's own are.
    public let normalization: Normalization

    /// Names of the columns.
    public let columns: [String]

    /// What the columns mean.
    public let space: ActionSpace

    /// Wraps chunks.
    ///
    /// - Parameters:
    ///   - chunks: Chunks in the robot's units, at least one.
    ///   - episodes: Which episode every chunk is from, counted from 0 without gaps.
    ///   - normalization: In whose units errors are measured.
    ///   - columns: Names of the columns.
    ///   - space: What the columns mean.
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
