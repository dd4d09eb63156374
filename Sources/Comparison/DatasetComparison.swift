/// Tokenizers compared on one dataset: its part of `compare.json`.
public struct DatasetComparison: Codable, Equatable, Sendable {
    /// Name of the dataset.
    public var name: String
    /// True if no tokenizer was trained on its robot or tasks.
    public var isHeldOut: Bool
    /// Episodes evaluated.
    public var episodes: Int
    /// Chunks evaluated.
    public var chunks: Int
    /// Control steps of a chunk.
    public var horizon: Int
    /// Names of the action's columns.
    public var columns: [String]
    /// The group of every column.
    public var groups: [String]
    /// Operating points of all tokenizers, curve by curve, by increasing bits.
    public var operatingPoints: [OperatingPoint]
    /// FASTerVQ compared with every other operating point.
    public var results: [ComparisonResult]

    private enum CodingKeys: String, CodingKey {
        case name, episodes, chunks, horizon, columns, groups, results
        case isHeldOut = "held_out"
        case operatingPoints = "operating_points"
    }
}
