internal import NN
internal import Torch

/// Optimizer and averaged weights that are divided among the processes (ZeRO stage 1, arXiv 1910.02054), in checkpoints that do not
/// show it.
extension DataParallel {
    /// Gives all processes the parameters of which the optimizer has moved its shard in each.
    func gather(_ parameters: [NamedTensor]) throws {
        try group.gather(parameters.map(\.tensor).filter { $0.gradient != nil })
    }
}

extension DataParallel? {
    /// Tensors in a checkpoint, whole, under names that begin with `prefix`.
    ///
    /// Reading a divided one gathers it, and filling one gives every process its part of rank 0's: all processes do so in the same
    /// order.
    func entries(of tensors: [ShardedTensor], named prefix: String) -> [CheckpointEntry] {
        tensors.map { tensor in
            let (name, own) = ("\(prefix).\(tensor.own.name)", tensor.own.tensor)
            guard let group = self?.group else {
                return CheckpointEntry(NamedTensor(name: name, tensor: own))
            }
            return CheckpointEntry(
                name: name,
                dtype: own.dtype,
                shape: tensor.shape,
                read: { try group.whole(tensor) },
                fill: { try group.divide($0, to: tensor) }
            )
        }
    }
}

extension ProcessGroup {
    /// The whole of a tensor.
    fileprivate func whole(_ tensor: ShardedTensor) throws -> Tensor {
        guard let shard = tensor.shard else { return tensor.own.tensor }
        return try withoutGradients {
            let whole = Tensor.zeros(tensor.shape, dtype: tensor.own.tensor.dtype)
            shard.slice(of: whole).copyInPlace(tensor.own.tensor)
            try gather([whole])
            return whole
        }
    }

    /// Gives every process its shard of rank 0's `whole` tensor.
    fileprivate func divide(_ whole: Tensor, to tensor: ShardedTensor) throws {
        try withoutGradients {
            try broadcast([whole])
            tensor.own.tensor.copyInPlace(tensor.shard?.slice(of: whole) ?? whole)
        }
    }
}
