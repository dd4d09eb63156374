/// A share of a batch: that of a process, or one of the parts of it whose gradients the process adds one after the other.
public struct BatchShare: Equatable, Sendable {
    /// Position among all shares of the batch: those of a process lie side by side.
    public let position: Int

    /// Number of shares of the batch.
    public let count: Int

    /// True for the last part of a process.
    public let isLast: Bool

    /// Part `part` of `parts` of process `rank` of `size`.
    public init(rank: Int, of size: Int, part: Int = 0, of parts: Int = 1) {
        precondition((0 ..< size).contains(rank) && (0 ..< parts).contains(part), "a share of a batch")
        (position, count, isLast) = (rank * parts + part, size * parts, part == parts - 1)
    }

    /// The shares of a process that divides its own into `parts`; nil stands for the whole batch.
    public static func all(of group: ProcessGroup?, parts: Int) -> [BatchShare?] {
        guard group != nil || parts > 1 else { return [nil] }
        return (0 ..< parts).map {
            BatchShare(rank: group?.rank ?? 0, of: group?.size ?? 1, part: $0, of: parts)
        }
    }

    /// The rows of this share among `all` rows of a batch: as many as those of another, or one more or less.
    public func rows(of all: Int) -> Range<Int> { position * all / count ..< (position + 1) * all / count }
}

/// The rows of a joint tensor that a share of a batch has, in order.
public struct RowShare: Sendable {
    /// The share.
    public let batch: BatchShare

    /// Rows of this share.
    public let ranges: [Range<Int>]

    /// Number of rows of all shares.
    public let count: Int

    /// Describes rows; together, the shares have each of `0 ..< count` once.
    public init(_ ranges: [Range<Int>], of count: Int, batch: BatchShare) {
        (self.ranges, self.count, self.batch) = (ranges, count, batch)
    }
}

extension BatchShare {
    /// The rows of this share among `all` of one kind.
    public func rowShare(of all: Int) -> RowShare { RowShare([rows(of: all)], of: all, batch: self) }
}

extension Tensor {
    /// The rows of a share of these, `[count, ...]`; the tensor itself without one.
    public func rows(of share: RowShare?) -> Tensor {
        guard let share else { return self }
        let parts = share.ranges.map { narrowed(0, from: $0.lowerBound, count: $0.count) }
        return parts.count == 1 ? parts[0] : .concatenated(parts, axis: 0)
    }
}

/// The rows of a batch whose shares are computed one after the other, until all are there.
///
/// No gradients flow through them.
public final class JointRows: @unchecked Sendable {
    private var joint: Tensor?

    /// Begins without rows.
    public init() {}

    /// Takes the rows of a share, `[n, ...]`.
    ///
    /// Every process calls it in the same order, within ``withProcesses(_:_:)``.
    ///
    /// - Returns: The rows of all shares, `[count, ...]`, with the last one of this process, else nil; `own` itself without a share.
    public func add(_ own: Tensor, _ share: RowShare?) -> Tensor? {
        guard let share else { return own }
        return withoutGradients {
            let joint =
                self.joint
                ?? .zeros([share.count] + own.shape.dropFirst(), dtype: own.dtype, device: own.device)
            var start = 0
            for rows in share.ranges {
                joint.narrowed(0, from: rows.lowerBound, count: rows.count)
                    .copyInPlace(own.narrowed(0, from: start, count: rows.count))
                start += rows.count
            }
            self.joint = share.batch.isLast ? nil : joint
            guard share.batch.isLast else { return nil }
            ProcessGroup.sum([joint])
            return joint
        }
    }
}

extension ProcessGroup {
    /// Replaces the elements of `tensors` by their sums over all processes, within ``withProcesses(_:_:)`` of a group.
    static func sum(_ tensors: [Tensor]) {
        guard let group = current else { return }
        group.attempt { () throws(ProcessGroupError) in try group.sum(tensors) }
    }

    /// Replaces the elements of `tensors` by those of rank 0, within ``withProcesses(_:_:)`` of a group.
    public static func broadcast(_ tensors: [Tensor]) {
        guard let group = current else { return }
        group.attempt { () throws(ProcessGroupError) in try group.broadcast(tensors) }
    }
}
