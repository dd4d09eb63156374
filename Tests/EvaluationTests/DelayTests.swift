import Evaluation
import Foundation
import Logging
import PolicyServer
import Testing

/// MetaWorld's real client against a real socket.
@Suite("Replies that arrive late")
struct DelayTests {
    /// One episode of `steps` steps against `server`.
    private func roll(
        _ server: ChunkServer,
        execute: Int,
        delay: Int,
        committedPrefix: Bool = true,
        steps: Int = 30
    ) async throws -> EpisodeResult {
        let started = PolicyServer(
            handler: server,
            host: "127.0.0.1",
            port: 0,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let port = try await started.start()
        var plan = EvaluationPlan(
            controller: .server(host: "127.0.0.1", port: port),
            tasks: ["stick-pull-v3"],
            episodes: 1
        )
        (plan.execute, plan.delay, plan.sendsCommittedPrefix, plan.maxSteps) = (
            execute, delay, committedPrefix, steps
        )
        do {
            let episodes = try await SimulatorRunner(simulator: metaWorld()).run(plan)
            await started.shutdown()
            return try #require(episodes.first)
        } catch {
            await started.shutdown(gracePeriod: .zero)
            throw error
        }
    }

    /// Action executed at `step`: of the previous chunk until the reply arrives, then of the new one.
    private func executed(_ step: Int, execute: Int, delay: Int) -> [Float] {
        let newest = step / execute
        let hasReply = newest == 0 || step % execute >= delay
        let chunk = hasReply ? newest : newest - 1
        return ChunkServer.action(chunk: chunk, row: step - chunk * execute)
    }

    private func jerk(_ actions: [[Float]]) -> Double {
        let norms = (1 ..< actions.count - 1).map { step in
            (0 ..< 3).map { column -> Double in
                let (before, now) = (Double(actions[step - 1][column]), Double(actions[step][column]))
                let second = Double(actions[step + 1][column]) - 2 * now + before
                return second * second
            }.reduce(0, +).squareRoot()
        }
        return norms.reduce(0, +) / Double(norms.count)
    }

    @Test(
        "the robot continues with the previous chunk, then switches to the new one in step",
        arguments: [(8, 0), (8, 3), (8, 8), (5, 1)]
    )
    func goesOver(execute: Int, delay: Int) async throws {
        let server = ChunkServer(horizon: 16)
        let episode = try await roll(server, execute: execute, delay: delay)
        #expect(episode.steps == 30 && !episode.success)
        let expected = jerk((0 ..< 30).map { executed($0, execute: execute, delay: delay) })
        #expect(abs(try #require(episode.jerk) - expected) < 1e-9)
        let committed = await server.committed
        #expect(committed.count == (30 + execute - 1) / execute && episode.latencies.count == committed.count)
        for (index, prefix) in committed.enumerated() {
            let steps = (0 ..< delay).map {
                executed(index * execute + $0, execute: execute, delay: delay)
            }
            #expect(prefix == (index == 0 || delay == 0 ? nil : steps))
        }
    }

    @Test("an episode lasts as long as it is asked to, longer than MetaWorld's own")
    func longEpisode() async throws {
        let episode = try await roll(ChunkServer(horizon: 16), execute: 16, delay: 0, steps: 505)
        #expect(episode.steps == 505 && !episode.success)
    }

    @Test("a committed prefix is sent only where it is wanted")
    func withoutPrefix() async throws {
        let server = ChunkServer(horizon: 16)
        _ = try await roll(server, execute: 8, delay: 3, committedPrefix: false)
        #expect(await server.committed == [nil, nil, nil, nil])
    }

    @Test(
        "chunks that end before their successor's reply are refused, announced or not",
        arguments: [true, false]
    )
    func shortChunks(announces: Bool) async throws {
        let error = await #expect(throws: SimulatorError.self) {
            try await roll(ChunkServer(horizon: 10, announces: announces), execute: 8, delay: 3)
        }
        let reason =
            "a delay of 3 steps and an observation every 8 need chunks of 11 steps, and the policy's have 10"
        #expect(error?.description.contains(reason) == true)
        // What fits to the last step is not.
        #expect(
            try await roll(ChunkServer(horizon: 10, announces: announces), execute: 7, delay: 3).steps == 30
        )
    }

    @Test("delays that fit no plan are refused with their numbers")
    func plans() async throws {
        let runner = SimulatorRunner(simulator: try metaWorld())
        for (controller, delay, reason) in [
            (
                EvaluationPlan.Controller.server(host: "127.0.0.1", port: 1), 9,
                "a delay of 9 steps does not fit observations every 8"
            ),
            (.server(host: "127.0.0.1", port: 1), -1, "must not be negative"),
            (.expert, 2, "an expert acts at once: a delay of 2 steps needs a policy"),
        ] {
            var plan = EvaluationPlan(controller: controller, tasks: ["reach-v3"], episodes: 1)
            plan.delay = delay
            let error = await #expect(throws: SimulatorError.self) { try await runner.run(plan) }
            #expect(error?.description.contains(reason) == true)
        }
        var endless = EvaluationPlan(controller: .expert, tasks: ["reach-v3"], episodes: 1)
        endless.seed = .max
        let error = await #expect(throws: SimulatorError.self) { try await runner.run(endless) }
        #expect(error?.description.contains("the seed of an evaluation must be from 0 to 2147483647") == true)
        var plan = EvaluationPlan(controller: .expert, tasks: ["reach-v3"], episodes: 1)
        try plan.check(horizon: 4)
        (plan.execute, plan.delay) = (8, 4)
        try plan.check(horizon: 12)
        #expect(throws: SimulatorError.self) { try plan.check(horizon: 11) }
    }

    @Test("numbers whose sums or products are none are refused")
    func numbers() {
        func reason(_ change: (inout EvaluationPlan) -> Void) -> String? {
            var plan = EvaluationPlan(controller: .expert, tasks: ["reach-v3", "push-v3"], episodes: 1)
            change(&plan)
            let error = #expect(throws: SimulatorError.self) { try plan.check() }
            return error?.description
        }
        #expect(reason { $0.execute = 0 } == "a chunk needs from 1 to 2147483647 steps, got 0")
        #expect(reason { $0.execute = .max } == "a chunk needs from 1 to 2147483647 steps, got \(Int.max)")
        #expect(reason { $0.maxSteps = 0 } == "an episode needs from 1 to 2147483647 steps, got 0")
        #expect(reason { $0.episodes = .max }?.contains("takes at most 2147483647 episodes") == true)
        var plan = EvaluationPlan(controller: .expert, tasks: ["reach-v3"], episodes: 1)
        plan.delay = .max
        let error = #expect(throws: SimulatorError.self) { try plan.check(horizon: 16) }
        #expect(error?.description.contains("does not fit observations every 8") == true)
        var collection = CollectionPlan(port: 1, tasks: ["reach-v3"], episodes: 1)
        collection.noise = .infinity
        let noise = #expect(throws: SimulatorError.self) { try collection.check() }
        #expect(noise?.description == "noise must be a finite number from 0 on, got inf")
    }
}
