public import RobotTypes

/// Every scalar to one of 256 even bins (RT-2, OpenVLA): as many tokens as a chunk has values.
public struct BinningTokenizer: ActionTokenizer, Codable, Equatable {
    /// Control steps of a chunk.
    public let horizon: Int

    /// Columns of an action.
    public let dimension: Int

    /// How the robot's units map to normalised ones; quantiles put the bins between 1 % and 99 %.
    public let normalization: Normalization

    /// Number of bins over [-1, 1].
    public let binCount: Int

    /// Creates a tokenizer; there is nothing to learn.
    public init(horizon: Int, dimension: Int, normalization: Normalization, binCount: Int = 256) {
        self.horizon = horizon
        self.dimension = dimension
        self.normalization = normalization
        self.binCount = binCount
    }

    /// `binning`.
    public var name: String { "binning" }

    /// One alphabet, the bins.
    public var codebookSizes: [Int] { [binCount] }

    /// All tokens share the bins.
    public func codebook(ofToken position: Int) -> Int { 0 }

    /// The bins of normalised chunks; values outside [-1, 1] fall into the first or the last.
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        try check(chunks)
        let size = horizon * dimension
        return (0 ..< chunks.count).map { chunk in
            chunks.values[chunk * size ..< (chunk + 1) * size].map { value in
                min(binCount - 1, max(0, Int(((value + 1) / 2 * Float(binCount)).rounded(.down))))
            }
        }
    }

    /// The centres of the bins.
    public func chunks(for tokens: [[Int]]) throws -> ActionChunks {
        for (chunk, bins) in tokens.enumerated() {
            guard bins.count == horizon * dimension else {
                throw ActionTokenizerError(
                    "chunk \(chunk): expected \(horizon * dimension) tokens, found \(bins.count)"
                )
            }
            if let bin = bins.first(where: { !(0 ..< binCount).contains($0) }) {
                throw ActionTokenizerError(
                    "chunk \(chunk): expected tokens in 0 ..< \(binCount), found \(bin)"
                )
            }
        }
        let values = tokens.flatMap { $0.map { (Float($0) + 0.5) / Float(binCount) * 2 - 1 } }
        return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
    }
}
