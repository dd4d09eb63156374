import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOWebSocket
import PolicyProtocol
import PythonPeer
import Testing

@testable import PolicyServer

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

    /// Without sockets: what the system holds of a connection that stands still is not ours to say.
    @Test("pongs for a client that does not read are not kept; once it reads, it gets its pongs")
    func deaf() throws {
        let channel = EmbeddedChannel(handler: FrameHandler(largestMessage: 1 << 20))
        defer { _ = try? channel.finish() }
        func pong(to text: String) throws -> String? {
            try channel.writeInbound(WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer(string: text)))
            let frame = try channel.readOutbound(as: WebSocketFrame.self)
            #expect(frame == nil || frame?.opcode == .pong)
            return frame.map { String(buffer: $0.unmaskedData) }
        }
        #expect(try pong(to: "first") == "first")
        channel.isWritable = false
        for _ in 0 ..< 100 { #expect(try pong(to: "in vain") == nil) }
        channel.isWritable = true
        #expect(try pong(to: "again") == "again")
    }

    @Test("a request has its time, however slowly its bytes come")
    func dawdling() throws {
        let handler = HTTPUpgradeHandler(
            requestTime: .seconds(20),
            routes: Routes(
                PolicyHandler(policy: try ScriptedPolicy(), serverName: "faster", version: "0.1.0")
            ),
            refusal: { _ in nil },
            openWebsocket: { _, _ in }
        )
        let channel = EmbeddedChannel(handler: handler)
        defer { _ = try? channel.finish() }
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
        try channel.writeInbound(HTTPServerRequestPart.head(head))
        for second in 1 ..< 20 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(1))
            try channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(string: "\(second)")))
            #expect(channel.isActive)
        }
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test("one message is read while another is handled; further ones wait in the socket")
    func hasty() async throws { try await run("hasty") }

    @Test("a client too many is refused, and the others continue")
    func full() async throws { try await run("full", clients: 2) }

    @Test("a message may be as large as the server's limit, which the refusal names")
    func messages() async throws {
        try await run("small", bytes: 1 << 20)
        try await run("large", bytes: 128 << 20)
    }
}
