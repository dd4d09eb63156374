import NIOCore
import NIOWebSocket
import PolicyProtocol

/// An open websocket to a policy server.
struct ServerConnection {
    typealias Channel = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

    private var inbound: NIOAsyncChannelInboundStream<WebSocketFrame>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>

    init(
        inbound: NIOAsyncChannelInboundStream<WebSocketFrame>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>
    ) {
        self.inbound = inbound
        self.outbound = outbound
    }

    /// Waits for the server's next message.
    ///
    /// - Throws: ``ConnectionError`` with the server's text where it sends an error, ``ConnectionClosed`` where the
    ///   connection ends, `WireError` where the bytes are no message.
    mutating func receive() async throws -> WireValue {
        while let frame = try await inbound.next() {
            switch frame.opcode {
            case .binary: return try WireValue(decoding: Array(buffer: frame.unmaskedData))
            case .text: throw ConnectionError("the server says: \(String(buffer: frame.unmaskedData))")
            case .ping: try await write(.pong, frame.unmaskedData)
            case .connectionClose: throw ConnectionClosed()
            default: break
            }
        }
        throw ConnectionClosed()
    }

    /// Sends a message.
    func send(_ message: WireValue) async throws {
        try await write(.binary, ByteBuffer(bytes: message.encoded()))
    }

    /// Says goodbye (RFC 6455, code 1000).
    func close() async throws {
        var data = ByteBuffer()
        data.write(webSocketErrorCode: .normalClosure)
        try await write(.connectionClose, data)
    }

    /// Writes a frame with a mask, which RFC 6455 (section 5.3) asks of clients.
    private func write(_ opcode: WebSocketOpcode, _ data: ByteBuffer) async throws {
        try await outbound.write(WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: data))
    }
}
