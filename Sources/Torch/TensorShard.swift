/// The elements of a tensor that one of several processes keeps: one of as many equal parts, row-major, of which the last ones may be
/// shorter or empty.
public struct TensorShard: Equatable, Sendable {
    /// Position of the process, from 0.
    public let rank: Int

    /// Number of processes.
    public let size: Int

    /// The part of process `rank` of `size`.
    public init(rank: Int, size: Int) {
        precondition(size > 0 && (0 ..< size).contains(rank), "rank \(rank) of \(size) processes")
        (self.rank, self.size) = (rank, size)
    }

    /// Length of the first parts of `count` elements: whole vectors of a processor, so that each is computed as in the tensor.
    static func length(of count: Int, size: Int) -> Int {
        let vector = 16
        return ((count + size - 1) / size + vector - 1) / vector * vector
    }

    /// The part of `tensor`, of one axis, which shares its memory; the tensor has no gaps in it.
    public func slice(of tensor: Tensor) -> Tensor {
        let length = Self.length(of: tensor.count, size: size)
        let start = min(rank * length, tensor.count)
        return tensor.detached().viewed(-1)
            .narrowed(0, from: start, count: min(length, tensor.count - start))
    }
}

extension ProcessGroup {
    /// This process's part of tensors.
    public var shard: TensorShard { TensorShard(rank: rank, size: size) }

    /// Completes `tensors`, of one type, of which every process has its ``shard``.
    ///
    /// - Throws: ``ProcessGroupError`` when a process is gone.
    public func gather(_ tensors: [Tensor]) throws(ProcessGroupError) {
        for bucket in buckets(tensors) {
            let lengths = bucket.map { TensorShard.length(of: $0.count, size: size) }
            let own = withoutGradients {
                Tensor.concatenated(
                    zip(bucket, lengths).map { tensor, length in
                        let slice = shard.slice(of: tensor).to(device)
                        return slice.padded([0, length - slice.count])
                    },
                    axis: 0
                )
            }
            let all = Tensor.empty([size, own.count], dtype: own.dtype, device: device)
            try gather(own, into: all)
            withoutGradients {
                var start = 0
                for (tensor, length) in zip(bucket, lengths) {
                    let parts = all.narrowed(1, from: start, count: length).reshaped(-1)
                    tensor.copyInPlace(
                        parts.narrowed(0, from: 0, count: tensor.count).reshaped(tensor.shape)
                    )
                    start += length
                }
            }
        }
    }
}
