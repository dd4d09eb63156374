import Foundation
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
            case .message(let bytes, let receipt):
                do {
                    let reply = try await reply(to: bytes, receivedAt: receipt, timing: timing)
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

    private func reply(
        to bytes: ByteBuffer,
        receivedAt receipt: ContinuousClock.Instant,
        timing: CycleTiming
    ) async throws(ReplyFailure) -> WireValue {
        let message: WireValue
        do {
            message = try bytes.withUnsafeReadableBytes { bytes throws(WireError) in
                try WireValue(decoding: bytes, limits: limits)
            }
        } catch {
            throw ReplyFailure(error.description)
        }
        let request = message.map
        do {
            let start = ContinuousClock.now
            let reply = try await handler.reply(to: message, connection: connection)
            guard case .map(var map) = reply else { return reply }
            let times = RequestTimes(
                receipt: receipt,
                start: start,
                end: .now,
                observationTime: request?[WireKey.observationTime]?.number
            )
            map[WireKey.serverTiming] = .map(timing.times(of: times, reply: map))
            if let identifier = request?[WireKey.requestID] { map[WireKey.requestID] = identifier }
            return .map(map)
        } catch {
            let identifier = request?[WireKey.requestID]?.words.map { " (request_id \($0))" } ?? ""
            throw ReplyFailure(
                String(describing: error),
                ending: identifier,
                endsConnection: !(error is any RequestRefusal),
                // Robots that ask again at once, and those that leave, would fill the log.
                level: error is BusyError || error is CancellationError ? .debug : .error
            )
        }
    }

    /// openpi's clients take text as the server's failure and raise it.
    private func fail(_ failure: ReplyFailure, _ outbound: Writer) async throws {
        logger.log(level: failure.level, "request failed: \(failure.text)")
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

    /// Level of the log's line.
    let level: Logger.Level

    init(_ text: String, ending: String = "", endsConnection: Bool = true, level: Logger.Level = .error) {
        self.text = String(text.prefix(4000)) + ending
        self.endsConnection = endsConnection
        self.level = level
    }
}

/// Times of one request.
private struct RequestTimes {
    /// Arrival of the message's last byte.
    let receipt: ContinuousClock.Instant

    /// Time at which the handler got the message.
    let start: ContinuousClock.Instant

    /// Time at which the handler's reply was there.
    let end: ContinuousClock.Instant

    /// The robot's time of the observation, seconds since 1970; nil where it sends none.
    let observationTime: Double?

    /// Ages outside, negative or above a day, are those of clocks that differ; far ones do not even fit a `Duration`.
    private static let plausibleAges = 0.0 ... 86_400

    /// Age of the observation at the end.
    ///
    /// It counts from the robot's own time, if that is plausible, otherwise from the receipt.
    var observationAge: Duration {
        let sinceReceipt = end - receipt
        guard let observationTime else { return sinceReceipt }
        let age = Date().timeIntervalSince1970 - observationTime
        return Self.plausibleAges.contains(age) ? max(sinceReceipt, .seconds(age)) : sinceReceipt
    }
}

/// openpi's `server_timing`, with the wait of the request and the age of its observation.
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

    func times(of request: RequestTimes, reply: WireMap) -> WireMap {
        // Requests of other clients are waited for inside the policy, which says so.
        let policyWait = reply[WireKey.policyTiming]?.map?[WireKey.wait]?.number ?? 0
        var times: WireMap = [
            "infer_ms": .double((request.end - request.start).milliseconds),
            WireKey.wait: .double((request.start - request.receipt).milliseconds + policyWait),
            WireKey.observationAge: .double(request.observationAge.milliseconds),
        ]
        if let previousTotal { times["prev_total_ms"] = .double(previousTotal.milliseconds) }
        return times
    }
}

extension WireValue {
    /// A short text or a number, for messages; nil of anything else.
    fileprivate var words: String? {
        switch self {
        case .integer(let value): String(value)
        case .double(let value): String(value)
        case .string(let text) where text.utf8.count <= 100: text
        default: nil
        }
    }
}
