public import Torch

/// A tensor of a training's state, of which a process may hold its shard only.
public struct ShardedTensor: Sendable {
    /// The tensor, or this process's shard of it.
    public let own: NamedTensor

    /// Shape of the whole tensor.
    public let shape: [Int]

    /// The part that ``own`` is; nil for the whole.
    public let shard: TensorShard?

    init(_ own: NamedTensor, _ shape: [Int], _ shard: TensorShard?) {
        (self.own, self.shape, self.shard) = (own, shape, shard)
    }
}
