internal import CTorch

/// Means of the gradients of parameters over the processes of a group, sent while backward computes the others.
///
/// Buckets are as in PyTorch's `DistributedDataParallel`. Its own class serves C++ as well, but waits for a process that has fallen
/// silent.
public final class GradientReducer {
    private let reducer: OpaquePointer
    private let group: ProcessGroup
    private let parameters: [Tensor]

    /// Prepares to reduce the gradients of `parameters`, at least one.
    public init(_ parameters: [Tensor], over group: ProcessGroup) {
        let bytes = parameters.reduce(0) { $0 + $1.count * $1.dtype.byteCount }
        // Eight buckets or more, so that a small model's gradients overlap with the backward pass, too.
        let bucket = min(25 << 20, max(1 << 20, bytes / 8))
        let reducer = torch_gradient_reducer(
            group.group,
            parameters.map(\.pointer),
            Int64(parameters.count),
            Int64(bucket)
        )
        guard let reducer else { trap("gradient reducer") }
        (self.reducer, self.group, self.parameters) = (reducer, group, parameters)
    }

    deinit { torch_gradient_reducer_release(reducer) }

    /// Sends gradients from now on as soon as the next ``Tensor/backward()``, the last one before ``finish()``, completes them.
    public func start() { torch_gradient_reducer_start(reducer) }

    /// Replaces all gradients by their means; a parameter without a gradient counts as zero, and stays so where no process has one.
    ///
    /// - Throws: ``ProcessGroupError`` when a process is gone.
    public func finish() throws(ProcessGroupError) {
        guard torch_gradient_reducer_finish(reducer) else { throw group.lost }
    }
}
