public import ActionTokenizers
public import RobotTypes
public import Torch

/// Tokenizer of a learned baseline: one network, one robot.
///
/// Any codes in range decode to finite actions.
public struct LearnedTokenizer<Network: ChunkAutoencoder>: ActionTokenizer {
    /// Number of control steps of a chunk.
    public let horizon: Int

    /// Map between the robot's units and normalised ones.
    public let normalization: Normalization

    /// The weights.
    public let network: Network

    private let device: Device

    /// Wraps a network that was made for chunks of `horizon` steps of as many columns as `normalization` has.
    public init(_ network: Network, horizon: Int, normalization: Normalization, device: Device) {
        self.network = network
        self.horizon = horizon
        self.normalization = normalization
        self.device = device
    }

    /// The network's, for example `vq-bet`.
    public var name: String { Network.tokenizerName }

    /// The network's.
    public var layout: TokenLayout { network.layout }

    /// Codes of normalised chunks.
    ///
    /// - Throws: `ActionTokenizerError` when a chunk has another shape or a value that is not finite.
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        try check(chunks)
        return tokens(batching: chunks) { batch in
            let actions = Tensor(batch.values, shape: [batch.count, horizon, dimension], device: device)
            return withoutGradients { network.codes(for: actions) }.integers
        }
    }

    /// Normalised chunks of codes; of fewer codes, where the network decodes them, coarser ones.
    ///
    /// - Throws: `ActionTokenizerError` when a list has another length or a code is out of range.
    public func unclippedChunks(for tokens: [[Int]]) throws -> ActionChunks {
        try check(tokens, counts: network.decodableCounts)
        return chunks(batching: tokens) { batch in
            let shape = [batch.count, batch[0].count]
            let codes = Tensor(batch.flatMap(\.self), shape: shape, device: device)
            return withoutGradients { network.actions(for: codes) }.floats
        }
    }
}
