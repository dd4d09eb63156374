/// The rows of a joint tensor that this process of a data-parallel step has, in order.
public struct RowShare: Sendable {
    /// Rows of this process.
    public let ranges: [Range<Int>]

    /// Number of rows of all processes.
    public let count: Int

    /// Describes rows; together, the processes have each of `0 ..< count` once.
    public init(_ ranges: [Range<Int>], of count: Int) { (self.ranges, self.count) = (ranges, count) }
}

extension RowShare {
    /// The share of a process among processes that have `count` rows each, in the order of ranks; nil in a single process.
    public static func equal(_ count: Int) -> RowShare? {
        ProcessGroup.current.map { group in
            RowShare([group.rank * count ..< (group.rank + 1) * count], of: group.size * count)
        }
    }
}

extension Tensor {
    /// The rows of all processes, `[count, ...]`, where those of this tensor are a share; the tensor itself without one.
    ///
    /// No gradients flow through it. Every process calls it in the same order.
    public func joinedOverProcesses(_ share: RowShare?) -> Tensor {
        guard let share, let group = ProcessGroup.current else { return self }
        return withoutGradients {
            let joint = Tensor.zeros([share.count] + shape.dropFirst(), dtype: dtype, device: device)
            var start = 0
            for rows in share.ranges {
                joint.narrowed(0, from: rows.lowerBound, count: rows.count)
                    .copyInPlace(narrowed(0, from: start, count: rows.count))
                start += rows.count
            }
            group.attempt { () throws(ProcessGroupError) in try group.sum([joint]) }
            return joint
        }
    }
}

extension ProcessGroup {
    /// Replaces the elements of `tensors` by those of rank 0, within ``withProcesses(_:_:)`` of a group.
    public static func broadcast(_ tensors: [Tensor]) {
        guard let group = current else { return }
        group.attempt { () throws(ProcessGroupError) in try group.broadcast(tensors) }
    }
}
