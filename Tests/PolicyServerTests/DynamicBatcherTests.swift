import RobotTypes
import Testing

@testable import PolicyServer

@Suite("Dynamic batching")
struct DynamicBatcherTests {
    /// Predicts chunks of an observation's number, as soon as it is let.
    private final class GatedPolicy: BatchPolicy {
        let contract: PolicyContract
        let batches = AsyncStream.makeStream(of: [Observation].self)
        let permits = AsyncStream.makeStream(of: Void.self)

        init() throws { contract = try ScriptedPolicy().contract }

        func canBatch(_ observation: Observation) -> Bool { observation.options.deadline == nil }

        func act(on observation: Observation) async throws -> PolicyPrediction {
            try await act(on: [observation])[0]
        }

        func act(on observations: [Observation]) async throws -> [PolicyPrediction] {
            batches.continuation.yield(observations)
            for await _ in permits.stream { break }
            guard !observations.contains(where: { $0.instruction == "fail" }) else {
                throw ScriptedPolicy.Trouble()
            }
            return observations.map { observation in
                let values = [Float](repeating: observation.state[0], count: 8)
                return PolicyPrediction(ActionChunk(horizon: 2, dimension: 4, values: values))
            }
        }

        /// The numbers of the next batch.
        func next() async -> [Observation] {
            for await batch in batches.stream { return batch }
            return []
        }

        func permit(_ count: Int = 1) { for _ in 0 ..< count { permits.continuation.yield() } }
    }

    private let policy: GatedPolicy

    init() throws { policy = try GatedPolicy() }

    private func batcher(_ change: (inout DynamicBatcher.Settings) -> Void = { _ in }) -> DynamicBatcher {
        var settings = DynamicBatcher.Settings()
        change(&settings)
        return DynamicBatcher(policy, settings: settings)
    }

    /// Asks with observation `number`, and returns once the request waits.
    private func ask(
        _ batcher: DynamicBatcher,
        _ number: Int,
        instruction: String = "lift",
        deadline: Duration? = nil
    ) async -> Task<PolicyPrediction, any Error> {
        let before = await batcher.requestCount
        let options = PredictionOptions(deadline: deadline)
        let observation = Observation(
            images: [:],
            state: [Float(number)],
            instruction: instruction,
            options: options
        )
        let task = Task { try await batcher.act(on: observation) }
        while await batcher.requestCount == before { await Task.yield() }
        return task
    }

    private func numbers(_ batch: [Observation]) -> [Float] { batch.map { $0.state[0] } }

    @Test("requests that arrive during a forward share the next one, in their order, up to the maximum")
    func sharing() async throws {
        let batcher = batcher { $0.maximumBatch = 3 }
        var tasks = [await ask(batcher, 0)]
        #expect(numbers(await policy.next()) == [0])
        for number in 1 ... 4 { tasks.append(await ask(batcher, number)) }
        policy.permit(3)
        #expect(numbers(await policy.next()) == [1, 2, 3])
        #expect(numbers(await policy.next()) == [4])
        for (number, task) in tasks.enumerated() {
            let prediction = try await task.value
            #expect(prediction.chunk.values == [Float](repeating: Float(number), count: 8))
            #expect(try #require(prediction.waitingTime) >= .zero)
        }
    }

    @Test("a client that asks again goes behind those that wait")
    func fairness() async throws {
        let batcher = batcher { $0.maximumBatch = 1 }
        _ = await ask(batcher, 0)
        #expect(numbers(await policy.next()) == [0])
        for number in [1, 2] { _ = await ask(batcher, number) }
        policy.permit()
        #expect(numbers(await policy.next()) == [1])
        _ = await ask(batcher, 0)
        policy.permit(3)
        #expect(numbers(await policy.next()) == [2])
        #expect(numbers(await policy.next()) == [0])
    }

    @Test("a request too many is refused at once, in words, and room that is free again is used")
    func full() async throws {
        let batcher = batcher { ($0.maximumBatch, $0.capacity) = (1, 2) }
        let first = await ask(batcher, 0)
        _ = await policy.next()
        let others = [await ask(batcher, 1), await ask(batcher, 2)]
        let observation = Observation(images: [:], state: [3], instruction: "lift")
        let error = await #expect(throws: BusyError.self) { try await batcher.act(on: observation) }
        #expect(
            error?.description
                == "busy: 2 requests wait for the policy already; ask again with a newer observation"
        )
        policy.permit(4)
        for task in [first] + others { _ = try await task.value }
        #expect(try await ask(batcher, 4).value.chunk.values[0] == 4)
    }

    @Test("a request that is cancelled while it waits is not predicted")
    func cancellation() async throws {
        let batcher = batcher { $0.maximumBatch = 1 }
        let first = await ask(batcher, 0)
        _ = await policy.next()
        let gone = await ask(batcher, 1)
        let last = await ask(batcher, 2)
        gone.cancel()
        await #expect(throws: CancellationError.self) { try await gone.value }
        policy.permit(2)
        #expect(numbers(await policy.next()) == [2])
        #expect(try await first.value.chunk.values[0] == 0)
        #expect(try await last.value.chunk.values[0] == 2)
    }

    @Test("a request with a deadline is predicted alone, with what is left of it")
    func deadlines() async throws {
        let batcher = batcher()
        _ = await ask(batcher, 0)
        _ = await policy.next()
        _ = await ask(batcher, 1, deadline: .seconds(3600))
        _ = await ask(batcher, 2)
        _ = await ask(batcher, 3, deadline: .nanoseconds(2))
        _ = await ask(batcher, 4)
        policy.permit(4)
        let hurried = await policy.next()
        #expect(numbers(hurried) == [1])
        let left = try #require(hurried.first?.options.deadline)
        #expect(left > .zero && left < .seconds(3600))
        let others = await policy.next()
        #expect(numbers(others) == [2, 4] && others.allSatisfy { $0.options.deadline == nil })
        let late = await policy.next()
        #expect(numbers(late) == [3] && late[0].options.deadline == .nanoseconds(1))
    }

    @Test("the server's deadline holds for requests that name none")
    func serversDeadline() async throws {
        let batcher = batcher { $0.deadline = .seconds(60) }
        policy.permit(2)
        _ = await ask(batcher, 0)
        let batch = await policy.next()
        #expect(try #require(batch[0].options.deadline) <= .seconds(60))
        _ = await ask(batcher, 1, deadline: .seconds(3600))
        #expect(try #require(await policy.next()[0].options.deadline) > .seconds(60))
    }

    @Test("a request waits for others, but not once there are enough, and not with a deadline")
    func waitingForOthers() async throws {
        let batcher = batcher { ($0.maximumBatch, $0.maximumWait) = (2, .seconds(86_400)) }
        policy.permit(2)
        let first = await ask(batcher, 0)
        let second = await ask(batcher, 1)
        #expect(numbers(await policy.next()) == [0, 1])
        _ = try await (first.value, second.value)
        let hurried = await ask(batcher, 2, deadline: .seconds(60))
        #expect(try await hurried.value.chunk.values[0] == 2)
    }

    @Test("a request that waits for others in vain is predicted alone")
    func waitingInVain() async throws {
        let batcher = batcher { $0.maximumWait = .milliseconds(1) }
        policy.permit()
        #expect(try await ask(batcher, 0).value.chunk.values[0] == 0)
    }

    @Test("an error of one request leaves the others of its batch their predictions")
    func errors() async throws {
        let batcher = batcher()
        policy.permit(5)
        let first = await ask(batcher, 0)
        _ = try await first.value
        let good = await ask(batcher, 1)
        let bad = await ask(batcher, 2, instruction: "fail")
        #expect(try await good.value.chunk.values[0] == 1)
        await #expect(throws: ScriptedPolicy.Trouble.self) { try await bad.value }
    }
}
