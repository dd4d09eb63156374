internal import NN
internal import Torch

/// An optimizer whose state is divided among the processes (ZeRO stage 1, arXiv 1910.02054), in checkpoints that do not show it.
extension DataParallel {
    /// Gives all processes the parameters of which `optimizer` has moved its shard in each.
    func gather(_ parameters: [NamedTensor]) throws {
        try group.gather(parameters.map(\.tensor).filter { $0.gradient != nil })
    }
}

extension DataParallel? {
    /// The optimizer's state in a checkpoint: whole tensors.
    ///
    /// Reading a divided one gathers it, and filling one gives every process its part of rank 0's: all processes do so in the same
    /// order.
    func entries(of optimizer: AdamW) -> [CheckpointEntry] {
        optimizer.entries.map { entry in
            let (name, own) = ("optimizer.\(entry.own.name)", entry.own.tensor)
            guard let group = self?.group else {
                return CheckpointEntry(NamedTensor(name: name, tensor: own))
            }
            return CheckpointEntry(
                name: name,
                dtype: own.dtype,
                shape: entry.shape,
                read: { try group.whole(entry) },
                fill: { try group.divide($0, to: entry) }
            )
        }
    }
}

extension ProcessGroup {
    /// The whole tensor of an optimizer's state.
    fileprivate func whole(_ entry: AdamW.Entry) throws -> Tensor {
        guard let shard = entry.shard else { return entry.own.tensor }
        return try withoutGradients {
            let whole = Tensor.zeros(entry.shape, dtype: entry.own.tensor.dtype)
            shard.slice(of: whole).copyInPlace(entry.own.tensor)
            try gather([whole])
            return whole
        }
    }

    /// Gives every process its shard of rank 0's `whole` tensor.
    fileprivate func divide(_ whole: Tensor, to entry: AdamW.Entry) throws {
        try withoutGradients {
            try broadcast([whole])
            entry.own.tensor.copyInPlace(entry.shard?.slice(of: whole) ?? whole)
        }
    }
}
