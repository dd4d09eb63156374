import PolicyProtocol
import PolicyServer
import PythonPeer
import Testing

@Suite("What clients may cost a server")
struct LimitsTests {
    /// Runs a scenario of `limits.py` against a server of its own.
    private func run(_ scenario: String, clients: Int = 64, bytes: Int? = nil) async throws {
        var limits = WireLimits()
        if let bytes { limits.bytes = bytes }
        let server = PolicyServer(
            handler: PolicyHandler(policy: try ScriptedPolicy(), serverName: "faster", version: "0.1.0"),
            host: "127.0.0.1",
            port: 0,
            maximumClients: clients,
            limits: limits,
            logger: .silent
        )
        let port = try await server.start()
        do { _ = try await PythonPeer.run("limits.py", [String(port), scenario]) } catch {
            Issue.record(error, "\(scenario)")
        }
        await server.shutdown()
    }

    @Test("pongs that a client does not read are not kept") func deaf() async throws { try await run("deaf") }

    @Test("one message waits while another is answered; those behind it stay outside")
    func hasty() async throws { try await run("hasty") }

    @Test("a client too many is turned away, and the others go on")
    func full() async throws { try await run("full", clients: 2) }

    @Test("a message may be as large as the server was told, and the limit is named")
    func messages() async throws {
        try await run("small", bytes: 1 << 20)
        try await run("large", bytes: 128 << 20)
    }
}
