internal import Dispatch
internal import Synchronization
internal import Torch

/// Results of `body` for 0 to `count` - 1, computed by as many threads as libtorch's operators take.
///
/// `body` calls no operators of libtorch: their state belongs to the calling thread.
func inParallel<Result: Sendable>(_ count: Int, _ body: (Int) -> Result) -> [Result] {
    let threads = min(Torch.threadCount, count)
    guard threads > 1 else { return (0 ..< count).map(body) }
    let results = Mutex([Result?](repeating: nil, count: count))
    nonisolated(unsafe) let body = body
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
        for index in stride(from: thread, to: count, by: threads) {
            let found = body(index)
            results.withLock { $0[index] = found }
        }
    }
    return results.withLock { $0.compactMap(\.self) }
}
