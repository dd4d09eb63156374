import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Decides what a new connection is: a websocket, which it opens, or a plain request, which it answers.
///
/// NIO's own upgrade handler leaves requests unanswered whose upgrade it refuses, and drops a connection
/// that asks for an upgrade with a body in a state that traps; a robot's server must do neither.
final class Entrance: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case waiting
        case reading(HTTPRequestHead, hasBody: Bool)
        case complete(HTTPRequestHead, hasBody: Bool)
        case answered
    }

    private var state = State.waiting
    private let refusal: (any Channel) -> PlainReply?
    private let openWebsocket: (ChannelHandlerContext) throws -> Void

    /// Creates an entrance.
    ///
    /// - Parameters:
    ///   - refusal: What to answer a client that wants a websocket and gets none; nil for one that gets it.
    ///   - openWebsocket: Called on the event loop once the client has been told to switch.
    init(
        refusal: @escaping (any Channel) -> PlainReply?,
        openWebsocket: @escaping (ChannelHandlerContext) throws -> Void
    ) {
        self.refusal = refusal
        self.openWebsocket = openWebsocket
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (Self.unwrapInboundIn(data), state) {
        case (.head(let head), .waiting): state = .reading(head, hasBody: false)
        case (.body, .reading(let head, _)): state = .reading(head, hasBody: true)
        case (.end, .reading(let head, let hasBody)): state = .complete(head, hasBody: hasBody)
        // A second request behind the first: nobody who wants a websocket sends one.
        case (.head, .complete(let head, _)): state = .complete(head, hasBody: true)
        default: break
        }
    }

    // Acting here, not at the request's end, means that the parser is done with everything that arrived.
    func channelReadComplete(context: ChannelHandlerContext) {
        guard case .complete(let head, let hasBody) = state else { return }
        state = .answered
        guard head.wantsWebsocket else { return answer(PlainReply(to: head), head, context) }
        guard head.endsHTTP, !hasBody else { return answer(.badHandshake, head, context) }
        if let reply = refusal(context.channel) { return answer(reply, head, context) }
        // Only NIO's upgrader can compute `Sec-WebSocket-Accept`; the pipeline is changed here.
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(HTTPHeaders()) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
        )
        let bound = context.loopBound
        upgrader.buildUpgradeResponse(
            channel: context.channel,
            upgradeRequest: head,
            initialResponseHeaders: [:]
        )
        .assumeIsolated().whenComplete { result in
            switch result {
            case .success(let headers): self.accept(headers, bound.value)
            case .failure: self.answer(.badHandshake, head, bound.value)
            }
        }
    }

    private func accept(_ headers: HTTPHeaders, _ context: ChannelHandlerContext) {
        let head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
        context.writeAndFlush(Self.wrapOutboundOut(.head(head)), promise: nil)
        do { try openWebsocket(context) } catch { context.close(promise: nil) }
    }

    private func answer(_ reply: PlainReply, _ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        for part in reply.parts(method: request.method) {
            context.write(Self.wrapOutboundOut(part), promise: nil)
        }
        let bound = context.loopBound
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil))).whenComplete { _ in
            bound.value.close(promise: nil)
        }
    }

    /// Gives up on a client that sends no request.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case IdleStateHandler.IdleStateEvent.read = event else {
            return context.fireUserInboundEventTriggered(event)
        }
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
