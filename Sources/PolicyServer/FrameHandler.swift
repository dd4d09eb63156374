import NIOCore
import NIOWebSocket

/// A websocket's event for its session.
enum WebSocketEvent: Sendable {
    /// A whole binary message, and when its end arrived.
    case message(ByteBuffer, receivedAt: ContinuousClock.Instant)
    /// A text message, which the protocol does not use.
    case text
    /// The server is shutting down.
    case stop
}

/// A request to end an open connection after its open requests.
struct StopEvent: Sendable {}

/// Handles a websocket's control frames and masking, and passes messages to its session.
///
/// It works on the event loop, so a client that pings during a slow inference gets its pong at once.
final class FrameHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = WebSocketEvent
    typealias OutboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    /// Time for a client to reply to a close.
    private static let closingTime = TimeAmount.seconds(2)

    /// Silent intervals after which a client without an open request counts as gone.
    private static let toleratedSilences = 3

    /// Silence after which a client of a server that stops has no request under way, and that within a request.
    private static let settlingTime = (whole: TimeAmount.milliseconds(100), part: TimeAmount.seconds(4))

    /// Largest number of bytes of a message.
    private let largestMessage: Int

    private var closeSent = false
    private var silences = 0
    /// Number of messages that the client is owed; the first are the metadata.
    private var owedMessages = 1
    /// The end of the wait for requests under way; nil while the server is not stopping.
    private var settling: Scheduled<Void>?
    private var stopSent = false
    /// True if the newest bytes ended a frame, as those of the handshake do.
    private var frameEnded = true
    private var messageIsPartial = false

    init(largestMessage: Int) { self.largestMessage = largestMessage }

    /// Called after every read, also where no message is complete.
    func channelReadComplete(context: ChannelHandlerContext) {
        messageIsPartial = !frameEnded
        frameEnded = false
        if settling != nil { settle(context) }
        context.fireChannelReadComplete()
    }

    /// Ends the session after a silence, behind all messages that have arrived.
    private func settle(_ context: ChannelHandlerContext) {
        settling?.cancel()
        let bound = context.loopBound
        let time = messageIsPartial ? Self.settlingTime.part : Self.settlingTime.whole
        settling = context.eventLoop.assumeIsolated().scheduleTask(in: time) { self.stop(bound.value) }
    }

    private func stop(_ context: ChannelHandlerContext) {
        guard !stopSent else { return }
        stopSent = true
        context.fireChannelRead(Self.wrapInboundOut(.stop))
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        settling?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var frame = Self.unwrapInboundIn(data)
        silences = 0
        frameEnded = true
        switch frame.opcode {
        case .binary where frame.rsv1 || frame.rsv2 || frame.rsv3:
            close(context, .protocolError, "compressed or extended frames were not negotiated")
        case .binary:
            var data = frame.data
            if let key = frame.maskKey {
                // Leaves the bytes with one owner, so that they are unmasked in place.
                frame.data = ByteBuffer()
                data.unmask(key)
            }
            owedMessages += 1
            context.fireChannelRead(Self.wrapInboundOut(.message(data, receivedAt: .now)))
            // One request more at most: a client that asks without a pause must not keep the server.
            if settling != nil { stop(context) }
        case .text:
            owedMessages += 1
            context.fireChannelRead(Self.wrapInboundOut(.text))
        case .ping:
            // A client that pings and never reads must not fill the heap. Once it has read, its next ping
            // gets a pong; RFC 6455 (section 5.5.3) asks for no more than the newest.
            guard context.channel.isWritable else { break }
            let pong = WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)
            context.writeAndFlush(Self.wrapOutboundOut(pong), promise: nil)
        case .connectionClose: closeRequested(context, frame)
        default: break
        }
    }

    /// Replies to a close with its code, and ends the connection.
    private func closeRequested(_ context: ChannelHandlerContext, _ frame: WebSocketFrame) {
        guard !closeSent else { return context.close(promise: nil) }
        closeSent = true
        var data = frame.unmaskedData
        let reply = WebSocketFrame(
            fin: true,
            opcode: .connectionClose,
            data: data.readSlice(length: 2) ?? ByteBuffer()
        )
        let bound = context.loopBound
        context.writeAndFlush(Self.wrapOutboundOut(reply)).whenComplete { _ in
            bound.value.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is StopEvent: settle(context)
        case IdleStateHandler.IdleStateEvent.read:
            // A client may wait for its reply without reading, and so without answering pings.
            silences = owedMessages > 0 ? 0 : silences + 1
            guard silences < Self.toleratedSilences else { return context.close(promise: nil) }
            let ping = WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer())
            context.writeAndFlush(Self.wrapOutboundOut(ping), promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // After a close, whatever else arrives is refused by the decoder, once for every piece.
        guard !closeSent else { return }
        switch error {
        case NIOWebSocketError.invalidFrameLength,
            NIOWebSocketFrameAggregator.Error.accumulatedFrameSizeIsTooLarge:
            let limit = "more than \(largestMessage >> 20) MiB in a message"
            close(context, .messageTooLarge, "\(limit); send smaller images")
        case is NIOWebSocketError, is NIOWebSocketFrameAggregator.Error:
            close(context, .protocolError, "broken websocket frame")
        default: context.close(promise: nil)
        }
    }

    private func close(_ context: ChannelHandlerContext, _ code: WebSocketErrorCode, _ reason: String) {
        guard !closeSent else { return }
        write(context: context, data: Self.wrapOutboundOut(.close(code, reason)), promise: nil)
        context.flush()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let frame = Self.unwrapOutboundIn(data)
        if frame.opcode == .binary || frame.opcode == .text { owedMessages = max(0, owedMessages - 1) }
        if frame.opcode == .connectionClose {
            guard !closeSent else {
                promise?.succeed()
                return
            }
            closeSent = true
            let bound = context.loopBound
            context.eventLoop.scheduleTask(in: Self.closingTime) { bound.value.close(promise: nil) }
        } else if closeSent {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        context.write(data, promise: promise)
    }
}

extension WebSocketFrame {
    /// A whole message of bytes.
    static func binary(_ bytes: [UInt8]) -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: .binary, data: ByteBuffer(bytes: bytes))
    }

    /// A whole message of text.
    static func text(_ text: String) -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: text))
    }

    /// A close; `reason` is at most 123 bytes (RFC 6455, section 5.5).
    static func close(_ code: WebSocketErrorCode, _ reason: String) -> WebSocketFrame {
        var data = ByteBuffer()
        data.write(webSocketErrorCode: code)
        data.writeString(reason)
        return WebSocketFrame(fin: true, opcode: .connectionClose, data: data)
    }
}

extension ByteBuffer {
    /// Undoes the mask of a client's frame, eight bytes at a time: NIO's own takes them one by one.
    fileprivate mutating func unmask(_ key: WebSocketMaskingKey) {
        withUnsafeMutableReadableBytes { bytes in
            let word = (0 ..< 8).reduce(UInt64(0)) { $0 | UInt64(key[$1 % 4]) << UInt64($1 * 8) }
            let mask = UInt64(littleEndian: word)
            let whole = bytes.count & ~7
            for offset in stride(from: 0, to: whole, by: 8) {
                let value = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                bytes.storeBytes(of: value ^ mask, toByteOffset: offset, as: UInt64.self)
            }
            for offset in whole ..< bytes.count { bytes[offset] ^= key[offset % 4] }
        }
    }
}
