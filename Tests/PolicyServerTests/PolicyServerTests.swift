import Foundation
import Logging
import PolicyProtocol
import PolicyServer
import PythonPeer
import RobotTypes
import Testing

@Suite("Policy server, driven by openpi's client")
struct PolicyServerTests {
    /// Runs a scenario of `client.py` against a server of its own.
    private func run(_ scenario: String, pingInterval: Duration = .seconds(20)) async throws {
        let server = try Self.makeServer(pingInterval: pingInterval)
        let port = try await server.start()
        do { _ = try await PythonPeer.run("client.py", [String(port), scenario]) } catch {
            Issue.record(error, "\(scenario)")
        }
        await server.shutdown()
    }

    static func makeServer(port: Int = 0, pingInterval: Duration = .seconds(20)) throws -> PolicyServer {
        let handler = PolicyHandler(policy: try ScriptedPolicy(), serverName: "faster", version: "0.1.0")
        return PolicyServer(
            handler: handler,
            host: "127.0.0.1",
            port: port,
            pingInterval: pingInterval,
            logger: .silent
        )
    }

    @Test("sends metadata, actions and timings") func converse() async throws { try await run("converse") }

    @Test("an error reaches its client as text, and the others continue")
    func errors() async throws { try await run("errors") }

    @Test("a prediction that fails is refused with the field's name, and the connection stays open")
    func refusals() async throws { try await run("refusals") }

    @Test("values that nobody reads fail no request, and NumPy's text is a prompt")
    func unread() async throws { try await run("unread") }

    @Test("a request's wait is in the age of its observation")
    func waits() async throws { try await run("waits") }

    @Test("a client that waits for its reply in silence gets it")
    func patient() async throws { try await run("patient", pingInterval: .milliseconds(100)) }

    @Test("malformed messages are refused, and the server continues")
    func malformed() async throws { try await run("malformed") }

    @Test("takes fragments, pings during inference, and 60 MiB, but not 65")
    func framing() async throws { try await run("framing") }

    @Test("serves 32 clients, 16 at a time") func many() async throws { try await run("many") }

    @Test("responds to plain HTTP") func plainHTTP() async throws { try await run("plain_http") }

    @Test("accepts only proper handshakes, and survives damaged ones")
    func handshakes() async throws { try await run("handshakes") }

    @Test("keeps quiet clients and drops dead ones")
    func silent() async throws { try await run("silent", pingInterval: .milliseconds(200)) }

    @Test("survives clients that vanish") func vanish() async throws { try await run("vanish") }

    @Test("a port in use is named with its host, and what to do")
    func portInUse() async throws {
        let first = try Self.makeServer()
        let port = try await first.start()
        let second = try Self.makeServer(port: port)
        let error = await #expect(throws: PolicyServerError.self) { try await second.start() }
        #expect(error == .addressInUse(host: "127.0.0.1", port: port))
        #expect(
            error?.description
                == "cannot listen on 127.0.0.1:\(port): another program already does; stop it, or "
                + "choose another port (port 0 takes any free one)"
        )
        await first.shutdown()
        #expect(try await second.start() == port)
        await second.shutdown()
    }

    @Test("a host that is not this machine's is named")
    func unknownHost() async throws {
        let handler = PolicyHandler(policy: try ScriptedPolicy(), serverName: "faster", version: "0.1.0")
        let server = PolicyServer(handler: handler, host: "192.0.2.1", port: 0, logger: .silent)
        let error = await #expect(throws: PolicyServerError.self) { try await server.start() }
        #expect(error?.description.hasPrefix("cannot listen on host '192.0.2.1'") == true)
    }

    @Test("a port that there is not is refused, where the system would take another one")
    func impossiblePort() async throws {
        for port in [70_000, -1] {
            let server = try Self.makeServer(port: port)
            await #expect(throws: PolicyServerError.impossiblePort(port)) { try await server.start() }
        }
        #expect(
            PolicyServerError.impossiblePort(70_000).description
                == "cannot listen on port 70000: expected 0 ... 65535 (0 takes any free one)"
        )
    }

    @Test("a server starts once")
    func startsOnce() async throws {
        let server = try Self.makeServer()
        try await server.start()
        await #expect(throws: PolicyServerError.alreadyStarted) { try await server.start() }
        await server.shutdown()
        await server.shutdown()
    }
}

extension Logger {
    /// Says nothing.
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
