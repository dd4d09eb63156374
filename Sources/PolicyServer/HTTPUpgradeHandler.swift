import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Upgrades a new connection to a websocket, or responds to its plain HTTP request.
///
/// NIO's own upgrade handler does not respond to requests whose upgrade it refuses, and drops a connection
/// that asks for an upgrade with a body in a state that traps; a robot's server must do neither.
final class HTTPUpgradeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case waiting
        case reading(HTTPRequestHead, hasBody: Bool)
        case complete(HTTPRequestHead, hasBody: Bool)
        case responded
    }

    private var state = State.waiting
    private var isEncrypted = false
    private var deadline: Scheduled<Void>?
    private let requestTime: TimeAmount
    private let routes: Routes
    private let refusal: (any Channel) -> HTTPResponse?
    private let openWebsocket: (any MessageHandler, ChannelHandlerContext) throws -> Void

    /// Creates a handler.
    ///
    /// - Parameters:
    ///   - requestTime: Time from the connection's start until its request has arrived and is responded to.
    ///   - routes: Handlers by path.
    ///   - refusal: The response to a client that gets no websocket; nil for one that gets it.
    ///   - openWebsocket: Called on the event loop, with the path's handler, after the response to switch protocols.
    init(
        requestTime: TimeAmount,
        routes: Routes,
        refusal: @escaping (any Channel) -> HTTPResponse?,
        openWebsocket: @escaping (any MessageHandler, ChannelHandlerContext) throws -> Void
    ) {
        self.requestTime = requestTime
        self.routes = routes
        self.refusal = refusal
        self.openWebsocket = openWebsocket
    }

    // Clients that send nothing, or a byte now and then, must not hold connections that others need.
    func handlerAdded(context: ChannelHandlerContext) {
        let bound = context.loopBound
        deadline = context.eventLoop.scheduleTask(in: requestTime) { bound.value.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (Self.unwrapInboundIn(data), state) {
        case (.head(let head), .waiting): state = .reading(head, hasBody: false)
        case (.body, .reading(let head, _)): state = .reading(head, hasBody: true)
        case (.end, .reading(let head, let hasBody)): state = .complete(head, hasBody: hasBody)
        // A second request behind the first, which no websocket client sends.
        case (.head, .complete(let head, _)): state = .complete(head, hasBody: true)
        default: break
        }
    }

    // Acting here, not at the request's end, means that the parser is done with everything that arrived.
    func channelReadComplete(context: ChannelHandlerContext) {
        guard case .complete(let head, let hasBody) = state else { return }
        state = .responded
        guard head.wantsWebsocket else { return respond(HTTPResponse(to: head, routes), head, context) }
        guard head.endsHTTP, !hasBody else { return respond(.badHandshake, head, context) }
        guard let handler = routes.handler(at: head.path) else {
            return respond(.notFound(routes), head, context)
        }
        if let response = refusal(context.channel) { return respond(response, head, context) }
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
            case .success(let headers): self.accept(headers, handler, bound.value)
            case .failure: self.respond(.badHandshake, head, bound.value)
            }
        }
    }

    private func accept(
        _ headers: HTTPHeaders,
        _ handler: any MessageHandler,
        _ context: ChannelHandlerContext
    ) {
        let head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
        context.writeAndFlush(Self.wrapOutboundOut(.head(head)), promise: nil)
        do { try openWebsocket(handler, context) } catch { context.close(promise: nil) }
    }

    private func respond(
        _ response: HTTPResponse,
        _ request: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) {
        for part in response.parts(method: request.method) {
            context.write(Self.wrapOutboundOut(part), promise: nil)
        }
        let bound = context.loopBound
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil))).whenComplete { _ in
            bound.value.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSEvent { isEncrypted = true } else { context.fireUserInboundEventTriggered(event) }
    }

    /// Responds in words to what the parser cannot read.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.close(promise: nil) }
        if case .responded = state { return context.close(promise: nil) }
        state = .responded
        let response: HTTPResponse =
            isEncrypted ? .encrypted : error == .headerOverflow ? .longHeaders : .malformed
        respond(response, HTTPRequestHead(version: .http1_1, method: .GET, uri: "/"), context)
    }
}

/// The first bytes of a connection are those of TLS.
struct TLSEvent: Sendable {}

/// Tells the handlers behind it of a client that begins with TLS, and leaves the pipeline after the first bytes.
final class TLSDetector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// A record of a handshake, of any version from SSL 3.0 on (RFC 8446, section 5.1).
    private static let start: [UInt8] = [0x16, 0x03]

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Self.unwrapInboundIn(data)
        if bytes.readableBytesView.starts(with: Self.start) {
            context.fireUserInboundEventTriggered(TLSEvent())
        }
        context.fireChannelRead(data)
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }
}
