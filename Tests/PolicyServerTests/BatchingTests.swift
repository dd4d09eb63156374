import PolicyServer
import PythonPeer
import RobotTypes
import Testing

@Suite("Several clients and policies, driven by openpi's client")
struct BatchingTests {
    /// The scripted policy, for several observations at a time.
    private struct ScriptedBatchPolicy: BatchPolicy {
        let policy = Result { try ScriptedPolicy() }

        var contract: PolicyContract {
            guard let policy = try? policy.get() else { preconditionFailure("a contract that is valid") }
            return policy.contract
        }

        func canBatch(_ observation: Observation) -> Bool { true }

        func act(on observation: Observation) async throws -> PolicyPrediction {
            try await policy.get().act(on: observation)
        }

        func act(on observations: [Observation]) async throws -> [PolicyPrediction] {
            var predictions: [PolicyPrediction] = []
            for observation in observations { predictions.append(try await act(on: observation)) }
            return predictions
        }
    }

    private func handler(_ name: String = "faster", capacity: Int = 64) throws -> PolicyHandler {
        var settings = DynamicBatcher.Settings()
        settings.capacity = capacity
        return PolicyHandler(
            policy: DynamicBatcher(ScriptedBatchPolicy(), settings: settings),
            serverName: name,
            version: "0.1.0"
        )
    }

    private func run(_ script: String, _ scenario: String, _ routes: Routes) async throws {
        let server = PolicyServer(routes: routes, host: "127.0.0.1", port: 0, logger: .silent)
        let port = try await server.start()
        do { _ = try await PythonPeer.run(script, [String(port), scenario]) } catch {
            Issue.record(error, "\(scenario)")
        }
        await server.shutdown()
    }

    @Test(
        "batching changes nothing for a client",
        arguments: ["converse", "errors", "refusals", "many", "vanish", "handshakes"]
    )
    func same(scenario: String) async throws { try await run("client.py", scenario, Routes(try handler())) }

    @Test("a queue that is full refuses in words, and the connection stays open")
    func busy() async throws { try await run("batching.py", "busy", Routes(try handler(capacity: 1))) }

    @Test("each policy has its path, and an unknown path is refused with those that there are")
    func paths() async throws {
        let (first, second) = (try handler("first"), try handler("second"))
        try await run("batching.py", "paths", Routes([("one", first), ("two", second)]))
    }

    @Test("clients that do not read or leave harm no others of their batches")
    func slowReader() async throws { try await run("batching.py", "slow_reader", Routes(try handler())) }
}
