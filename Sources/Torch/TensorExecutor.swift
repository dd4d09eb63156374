internal import Foundation

/// Runs an actor's work on one thread of its own.
///
/// libtorch keeps its gradient mode and a team of workers for every thread that calls it, so an actor that
/// computes must not wander between the threads of Swift's pool.
///
/// ```swift
/// actor Model {
///     private let executor = TensorExecutor(name: "model")
///     nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
/// }
/// ```
public final class TensorExecutor: SerialExecutor {
    /// Jobs in the order of arrival; the thread keeps it alive until it has seen the end.
    private final class Queue: @unchecked Sendable {
        private let condition = NSCondition()
        private var jobs: [UnownedJob] = []
        private var isClosed = false

        func append(_ job: UnownedJob) {
            condition.withLock { jobs.append(job) }
            condition.signal()
        }

        func close() {
            condition.withLock { isClosed = true }
            condition.signal()
        }

        /// Waits for the next job; nil when the queue is closed and empty.
        func next() -> UnownedJob? {
            condition.withLock {
                while jobs.isEmpty && !isClosed { condition.wait() }
                return jobs.isEmpty ? nil : jobs.removeFirst()
            }
        }
    }

    private let queue = Queue()

    /// Starts the thread.
    public init(name: String) {
        let queue = self.queue
        let reference = asUnownedSerialExecutor()
        let thread = Thread {
            while let job = queue.next() { job.runSynchronously(on: reference) }
        }
        thread.name = name
        thread.stackSize = 8 << 20
        thread.start()
    }

    deinit { queue.close() }

    /// Adds a job to the end of the queue.
    public func enqueue(_ job: consuming ExecutorJob) { queue.append(UnownedJob(job)) }

    /// The reference that an actor hands out.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
}
