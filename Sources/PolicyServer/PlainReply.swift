import NIOCore
import NIOHTTP1

/// The answer to a request that becomes no websocket: text, after which the connection ends.
struct PlainReply: Sendable {
    let status: HTTPResponseStatus
    let text: String
    var headers: [(name: String, value: String)] = []

    /// For supervisors that ask whether the server is up.
    static let health = PlainReply(status: .ok, text: "OK\n")

    /// For a browser that looks at the server's address.
    static let needsWebsocket = PlainReply(
        status: .upgradeRequired,
        text:
            "This is a policy server: connect with openpi's websocket client. /healthz says whether it is up.\n",
        headers: [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
    )

    /// For every other path.
    static let nothingHere = PlainReply(
        status: .notFound,
        text: "There is nothing here. Connect with openpi's websocket client, or ask /healthz over HTTP.\n"
    )

    /// For a request that starts a websocket wrongly.
    static let badHandshake = PlainReply(
        status: .badRequest,
        text:
            "This websocket request cannot be accepted: it needs method GET, no body, 'Connection: Upgrade', "
            + "'Sec-WebSocket-Version: 13' and one 'Sec-WebSocket-Key'.\n",
        headers: [("Sec-WebSocket-Version", "13")]
    )

    /// For a client beyond the `clients` that are served at a time.
    static func full(clients: Int) -> PlainReply {
        PlainReply(
            status: .serviceUnavailable,
            text:
                "This policy server talks to \(clients) clients at a time, and has as many: come back later.\n",
            headers: [("Retry-After", "1")]
        )
    }

    /// The reply to `request`, which asks for no websocket.
    init(to request: HTTPRequestHead) {
        switch request.path {
        case HTTPRequestHead.healthPath: self = .health
        case "/": self = .needsWebsocket
        default: self = .nothingHere
        }
    }

    init(status: HTTPResponseStatus, text: String, headers: [(name: String, value: String)] = []) {
        self.status = status
        self.text = text
        self.headers = headers
    }

    /// Head and body of the reply to a request of `method`, without the end.
    func parts(method: HTTPMethod) -> [HTTPServerResponsePart] {
        var head = HTTPResponseHead(version: .http1_1, status: status)
        head.headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
        head.headers.add(name: "Content-Length", value: String(text.utf8.count))
        head.headers.add(name: "Connection", value: "close")
        for (name, value) in headers { head.headers.add(name: name, value: value) }
        let body: [HTTPServerResponsePart] =
            method == .HEAD ? [] : [.body(.byteBuffer(ByteBuffer(string: text)))]
        return [.head(head)] + body
    }
}

extension HTTPRequestHead {
    /// The path that says whether the server is up.
    static let healthPath = "/healthz"

    /// The path without its query.
    var path: String { String(uri.prefix { $0 != "?" }) }

    /// Whether the client wants a websocket; ``healthPath`` never is one.
    var wantsWebsocket: Bool {
        path != Self.healthPath
            && headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
    }

    /// Whether the parser stops after this request, so that what follows are websocket frames.
    ///
    /// It does so for the token `upgrade` in `Connection`; a value written in any stranger way is not trusted.
    var endsHTTP: Bool {
        let values = headers["connection"]
        let isPlain = values.joined().allSatisfy { $0.isASCII && ($0.isLetter || "-, ".contains($0)) }
        return method == .GET && version == .http1_1 && values.count == 1 && isPlain
            && headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    }
}
