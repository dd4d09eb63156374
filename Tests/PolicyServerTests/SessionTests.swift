import Foundation
import PolicyProtocol
import PolicyServer
import PythonPeer
import Synchronization
import Testing

@Suite("Sessions and shutdown")
struct SessionTests {
    /// Passes messages on and notes who sent them.
    final class Recorder: MessageHandler {
        let inner: PolicyHandler
        let log = Mutex<(messages: [ConnectionID: Int], closed: [ConnectionID])>(([:], []))
        let started = AsyncStream.makeStream(of: Void.self)
        let ended = AsyncStream.makeStream(of: Void.self)

        init(_ inner: PolicyHandler) { self.inner = inner }

        var metadata: WireValue { inner.metadata }
        var isCancelledByDisconnection: Bool { inner.isCancelledByDisconnection }

        func reply(to message: WireValue, connection: ConnectionID) async throws -> WireValue {
            log.withLock { $0.messages[connection, default: 0] += 1 }
            started.continuation.yield()
            return try await inner.reply(to: message, connection: connection)
        }

        func closed(connection: ConnectionID) async {
            log.withLock { $0.closed.append(connection) }
            ended.continuation.yield()
        }
    }

    private func makeServer() throws -> (Recorder, PolicyServer) {
        let policy = try ScriptedPolicy()
        let recorder = Recorder(PolicyHandler(policy: policy, serverName: "faster", version: "0.1.0"))
        return (recorder, PolicyServer(handler: recorder, host: "127.0.0.1", port: 0, logger: .silent))
    }

    @Test("a handler can tell clients apart and learns when each is gone")
    func sessions() async throws {
        let (recorder, server) = try makeServer()
        let port = try await server.start()
        _ = try await PythonPeer.run("client.py", [String(port), "many"])
        await server.shutdown()
        let log = recorder.log.withLock { $0 }
        #expect(log.messages.count == 32 && log.messages.values.allSatisfy { $0 == 10 })
        #expect(log.closed.count == 32 && Set(log.closed) == Set(log.messages.keys))
    }

    @Test("a request that would last a day ends with its client's connection")
    func departure() async throws {
        let (recorder, server) = try makeServer()
        let port = try await server.start()
        _ = try await PythonPeer.run("client.py", [String(port), "leave"])
        for await _ in recorder.ended.stream { break }
        await server.shutdown()
        #expect(recorder.log.withLock { $0.closed.count } == 1)
    }

    @Test("shutting down finishes the request in progress and says goodbye to all")
    func shutdown() async throws {
        let (recorder, server) = try makeServer()
        let port = try await server.start()
        async let client = PythonPeer.run("client.py", [String(port), "stopped"])
        for await _ in recorder.started.stream { break }
        await server.shutdown()
        #expect(String(decoding: try await client, as: UTF8.self) == "ready\n")
        #expect(recorder.log.withLock { $0.closed.count } == 2)
    }

    @Test("shutting down replies to requests of which a part has arrived", arguments: ["trickle", "half"])
    func draining(scenario: String) async throws {
        let (recorder, server) = try makeServer()
        let port = try await server.start()
        async let client = PythonPeer.run("client.py", [String(port), scenario])
        for await _ in recorder.started.stream { break }
        await server.shutdown(gracePeriod: .seconds(60))
        _ = try await client
    }

    @Test("shutting down cuts what outlasts the grace period")
    func impatientShutdown() async throws {
        let (recorder, server) = try makeServer()
        let port = try await server.start()
        async let client = PythonPeer.run("client.py", [String(port), "stuck"])
        for await _ in recorder.started.stream { break }
        await server.shutdown(gracePeriod: .milliseconds(100))
        _ = try await client
    }
}
