public import ActionTokenizers
public import RobotTypes
public import Torch

/// A learned baseline as a tokenizer: one network, one robot.
///
/// Any codes in range decode to finite actions.
public struct LearnedTokenizer<Network: ChunkAutoencoder>: ActionTokenizer {
    /// Control steps of a chunk.
    public let horizon: Int

    /// Columns of an action.
    public let dimension: Int

    /// How the robot's units map to normalised ones.
    public let normalization: Normalization

    /// The weights.
    public let network: Network

    private let device: Device

    /// Wraps a network that was made for chunks of `horizon` steps of as many columns as `normalization` has.
    public init(_ network: Network, horizon: Int, normalization: Normalization, device: Device) {
        self.network = network
        self.horizon = horizon
        dimension = normalization.statistics.dimension
        self.normalization = normalization
        self.device = device
    }

    /// The network's, for example `vq-bet`.
    public var name: String { Network.tokenizerName }

    /// The sizes of the network's alphabets.
    public var codebookSizes: [Int] { network.codebookSizes }

    /// Which alphabet the code at `position` belongs to.
    public func codebook(ofToken position: Int) -> Int { network.codebook(ofToken: position) }

    /// The codes of normalised chunks.
    ///
    /// - Throws: `ActionTokenizerError` when a chunk has another shape or a value that is not finite.
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        try check(chunks)
        let count = network.tokenCounts.upperBound
        return batches(of: chunks.count).flatMap { range -> [[Int]] in
            let part = chunks[range]
            let actions = Tensor(part.values, shape: [part.count, horizon, dimension], device: device)
            let codes = withoutGradients { network.codes(for: actions) }.integers
            return (0 ..< range.count).map { row in Array(codes[row * count ..< (row + 1) * count]) }
        }
    }

    /// The normalised chunks of codes; of fewer codes, where the network allows them, coarser ones.
    ///
    /// - Throws: `ActionTokenizerError` when a list has another length or a code is out of range.
    public func chunks(for tokens: [[Int]]) throws -> ActionChunks {
        try check(tokens, lengths: network.tokenCounts)
        let size = horizon * dimension
        var values = [Float](repeating: 0, count: tokens.count * size)
        for (length, rows) in Dictionary(grouping: tokens.indices, by: { tokens[$0].count }) {
            for range in batches(of: rows.count) {
                let codes = Tensor(
                    rows[range].flatMap { tokens[$0] },
                    shape: [range.count, length],
                    device: device
                )
                let found = withoutGradients { network.actions(for: codes) }.floats
                for (place, row) in rows[range].enumerated() {
                    values.replaceSubrange(
                        row * size ..< (row + 1) * size,
                        with: found[place * size ..< (place + 1) * size]
                    )
                }
            }
        }
        return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
    }
}
