import Logging
import NIOCore
import NIOWebSocket
import PolicyProtocol

/// The session of one client: metadata first, then one reply a message until either side closes.
struct WebSocketSession: Sendable {
    typealias Channel = NIOAsyncChannel<WebSocketEvent, WebSocketFrame>
    typealias Writer = NIOAsyncChannelOutboundWriter<WebSocketFrame>

    let connection: ConnectionID
    let handler: any MessageHandler
    let limits: WireLimits
    let logger: Logger

    /// Runs until the connection is closed; never throws, because a lost client does not affect others.
    func run(on channel: Channel) async {
        logger.info("client connected", metadata: ["client": "\(address(of: channel))"])
        do {
            try await channel.executeThenClose { inbound, outbound in
                try await outbound.write(.binary(handler.metadata.encoded()))
                try await serve(inbound, outbound)
            }
        } catch {
            logger.debug("connection lost: \(error)")
        }
        await handler.closed(connection: connection)
        logger.info("client disconnected")
    }

    private func serve(_ inbound: NIOAsyncChannelInboundStream<WebSocketEvent>, _ outbound: Writer)
        async throws
    {
        var isClosing = false
        var timing = CycleTiming()
        for try await event in inbound where !isClosing {
            switch event {
            case .message(let bytes):
                do {
                    let reply = try await reply(to: bytes, timing: timing)
                    try await outbound.write(.binary(reply.encoded()))
                    timing.finishCycle()
                } catch let error as ReplyFailure {
                    isClosing = error.endsConnection
                    try await fail(error, outbound)
                    timing.finishCycle()
                }
            case .text:
                isClosing = true
                try await fail(ReplyFailure("message: expected binary MessagePack, found text"), outbound)
            case .stop:
                isClosing = true
                try await outbound.write(.close(.goingAway, "the server is shutting down"))
            }
        }
    }

    private func reply(to bytes: ByteBuffer, timing: CycleTiming) async throws(ReplyFailure) -> WireValue {
        do {
            let message = try bytes.withUnsafeReadableBytes { bytes throws(WireError) in
                try WireValue(decoding: bytes, limits: limits)
            }
            let start = ContinuousClock.now
            let reply = try await handler.reply(to: message, connection: connection)
            return timing.added(to: reply, inferenceTime: ContinuousClock.now - start)
        } catch {
            throw ReplyFailure(String(describing: error), endsConnection: !(error is any RequestRefusal))
        }
    }

    /// openpi's clients take text as the server's failure and raise it.
    private func fail(_ failure: ReplyFailure, _ outbound: Writer) async throws {
        logger.error("request failed: \(failure.text)")
        try await outbound.write(.text(failure.text))
        guard failure.endsConnection else { return }
        try await outbound.write(
            .close(.unexpectedServerError, "request failed; the message before says why")
        )
    }

    private func address(of channel: Channel) -> String {
        channel.channel.remoteAddress?.description ?? "unknown"
    }
}

/// A failed request, with a message for the client.
private struct ReplyFailure: Error {
    /// Message of at most 4,000 characters, as an error may quote the request.
    let text: String

    let endsConnection: Bool

    init(_ text: String, endsConnection: Bool = true) {
        self.text = String(text.prefix(4000))
        self.endsConnection = endsConnection
    }
}

/// openpi's `server_timing`.
///
/// Source: openpi's server: a cycle lasts from one reply sent to the next, the wait for the client included.
private struct CycleTiming {
    private var previousTotal: Duration?
    private var start = ContinuousClock.now

    mutating func finishCycle() {
        let now = ContinuousClock.now
        previousTotal = now - start
        start = now
    }

    func added(to reply: WireValue, inferenceTime: Duration) -> WireValue {
        guard case .map(var map) = reply else { return reply }
        var timing: WireMap = ["infer_ms": .double(inferenceTime.milliseconds)]
        if let previousTotal { timing["prev_total_ms"] = .double(previousTotal.milliseconds) }
        map[WireKey.serverTiming] = .map(timing)
        return .map(map)
    }
}
