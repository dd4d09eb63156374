public import RobotTypes

/// Dynamic batching: requests that wait for a policy are predicted together.
///
/// Requests are taken in the order of their arrival. A connection has one request at a time, so a client waits for at most one
/// request of every other.
///
/// A request that cannot share a forward, as one with a deadline, is predicted alone in its turn.
public actor DynamicBatcher: Policy {
    /// Limits of a batch and of the queue.
    public struct Settings: Equatable, Sendable {
        /// Largest number of requests in a forward.
        public var maximumBatch = 8

        /// Longest time that the first request waits for others while the policy is idle.
        public var maximumWait = Duration.zero

        /// Number of requests that may wait; further ones are refused (``BusyError``).
        public var capacity = 64

        /// Deadline of requests that name none; nil lets them wait.
        public var deadline: Duration?

        /// At most eight requests a forward, without waiting for others.
        public init() {}
    }

    private struct Request {
        let number: Int
        let observation: Observation
        let arrival: ContinuousClock.Instant
        let continuation: CheckedContinuation<PolicyPrediction, any Error>
    }

    /// The policy's contract.
    public nonisolated let contract: PolicyContract

    private let policy: any Policy
    private let settings: Settings
    private var waiting: [Request] = []
    /// Number of requests that were accepted.
    private(set) var requestCount = 0
    private var isPredicting = false
    /// The wait for further requests, cancelled as soon as there are enough.
    private var wait: Task<Void, Never>?

    /// Batches the requests to `policy`; those to a policy that is no `BatchPolicy` are predicted one by one.
    public init(_ policy: any Policy, settings: Settings = Settings()) {
        precondition(settings.maximumBatch > 0 && settings.capacity > 0, "a batcher takes requests")
        contract = policy.contract
        self.policy = policy
        self.settings = settings
    }

    /// Predicts the next actions, together with others that are asked for meanwhile.
    ///
    /// - Throws: ``BusyError`` where too many requests wait, `CancellationError` where the task is cancelled while it waits, and
    ///   the policy's errors.
    public func act(on observation: Observation) async throws -> PolicyPrediction {
        guard waiting.count < settings.capacity else { throw BusyError(waiting: waiting.count) }
        var timed = observation
        timed.options.deadline = observation.options.deadline ?? settings.deadline
        let (accepted, arrival) = (timed, ContinuousClock.now)
        requestCount += 1
        let number = requestCount
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                add(
                    Request(
                        number: number,
                        observation: accepted,
                        arrival: arrival,
                        continuation: continuation
                    )
                )
            }
        } onCancel: {
            Task { await self.withdraw(number) }
        }
    }

    private func add(_ request: Request) {
        waiting.append(request)
        if waiting.count >= settings.maximumBatch { wait?.cancel() }
        guard !isPredicting else { return }
        isPredicting = true
        Task { await predictAll() }
    }

    /// Takes back a request that still waits, whose client is gone.
    private func withdraw(_ number: Int) {
        guard let index = waiting.firstIndex(where: { $0.number == number }) else { return }
        waiting.remove(at: index).continuation.resume(throwing: CancellationError())
    }

    private func predictAll() async {
        while let first = waiting.first {
            await waitForOthers(until: first.arrival + settings.maximumWait)
            await predict(takeBatch())
        }
        isPredicting = false
    }

    private func waitForOthers(until end: ContinuousClock.Instant) async {
        guard waiting.count < settings.maximumBatch, canBatch(waiting[0]), ContinuousClock.now < end
        else { return }
        let wait = Task { _ = try? await Task.sleep(until: end, clock: .continuous) }
        self.wait = wait
        await wait.value
        self.wait = nil
    }

    /// Removes the first request, and those after it that go with it; none where all were withdrawn meanwhile.
    private func takeBatch() -> [Request] {
        guard !waiting.isEmpty else { return [] }
        var batch = [waiting.removeFirst()]
        guard canBatch(batch[0]) else { return batch }
        var others: [Request] = []
        for request in waiting {
            if batch.count < settings.maximumBatch, canBatch(request) {
                batch.append(request)
            } else {
                others.append(request)
            }
        }
        waiting = others
        return batch
    }

    private func canBatch(_ request: Request) -> Bool {
        (policy as? any BatchPolicy)?.canBatch(request.observation) ?? false
    }

    private func predict(_ batch: [Request]) async {
        if batch.count > 1, let policy = policy as? any BatchPolicy {
            let start = ContinuousClock.now
            if let predictions = try? await policy.act(on: batch.map(\.observation)) {
                for (request, prediction) in zip(batch, predictions) {
                    request.continuation.resume(
                        returning: prediction.waiting(since: request.arrival, until: start)
                    )
                }
                return
            }
        }
        // An error of one request is not that of the others.
        for request in batch { await predictAlone(request) }
    }

    private func predictAlone(_ request: Request) async {
        let start = ContinuousClock.now
        var observation = request.observation
        // The policy counts a deadline from its own call on.
        observation.options.deadline = observation.options.deadline.map {
            max(.nanoseconds(1), $0 - (start - request.arrival))
        }
        do {
            let prediction = try await policy.act(on: observation)
            request.continuation.resume(
                returning: prediction.waiting(since: request.arrival, until: start)
            )
        } catch {
            request.continuation.resume(throwing: error)
        }
    }
}

/// A request that is refused because too many wait; the client may ask again on the same connection.
public struct BusyError: RequestRefusal, Equatable, CustomStringConvertible {
    /// Number of requests that wait.
    public let waiting: Int

    /// The error in a sentence.
    public var description: String {
        "busy: \(waiting) requests wait for the policy already; ask again with a newer observation"
    }
}

extension PolicyPrediction {
    /// The same after a further wait.
    fileprivate func waiting(
        since arrival: ContinuousClock.Instant,
        until start: ContinuousClock.Instant
    ) -> PolicyPrediction {
        PolicyPrediction(
            chunk,
            timing: timing,
            codebooks: codebooks,
            tokens: tokens,
            waitingTime: (start - arrival) + (waitingTime ?? .zero)
        )
    }
}
