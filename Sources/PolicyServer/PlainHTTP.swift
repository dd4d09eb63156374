import NIOCore
import NIOHTTP1

/// Answers requests that are no websocket: `/healthz` for supervisors, a sentence for everybody else.
final class PlainHTTP: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// The path that says whether the server is up.
    static let healthPath = "/healthz"

    private var request: HTTPRequestHead?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head): request = head
        case .body: break
        case .end:
            guard let request else { return }
            self.request = nil
            answer(request, context)
        }
    }

    private func answer(_ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let path = Self.path(of: request)
        let status: HTTPResponseStatus
        let text: String
        switch path {
        case Self.healthPath: (status, text) = (.ok, "OK\n")
        case "/":
            status = .upgradeRequired
            text =
                "This is a policy server: connect with openpi's websocket client. \(Self.healthPath) says whether it is up.\n"
        default:
            status = .notFound
            text =
                "There is nothing here. Connect with openpi's websocket client, or ask \(Self.healthPath) over HTTP.\n"
        }
        var head = HTTPResponseHead(version: .http1_1, status: status)
        head.headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
        head.headers.add(name: "Content-Length", value: String(text.utf8.count))
        head.headers.add(name: "Connection", value: "close")
        if status == .upgradeRequired { head.headers.add(name: "Upgrade", value: "websocket") }
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD {
            context.write(Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
        }
        let bound = context.loopBound
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil))).whenComplete { _ in
            bound.value.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// The path of a request, without its query.
    static func path(of request: HTTPRequestHead) -> String {
        String(request.uri.prefix { $0 != "?" })
    }
}
