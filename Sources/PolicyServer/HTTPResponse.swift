import NIOCore
import NIOHTTP1

/// A plain HTTP response, after which the connection ends.
struct HTTPResponse: Sendable {
    let status: HTTPResponseStatus
    let text: String
    var headers: [(name: String, value: String)] = []

    /// The response to health checks: `OK`, and a line for every policy of several.
    static func health(_ routes: Routes) -> HTTPResponse {
        HTTPResponse(status: .ok, text: (["OK"] + routes.paths).map { $0 + "\n" }.joined())
    }

    /// The response to a browser at the server's address.
    static let needsWebsocket = HTTPResponse(
        status: .upgradeRequired,
        text:
            "This is a policy server: connect with openpi's websocket client. /healthz says whether it is up.\n",
        headers: [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
    )

    /// The response to every other path.
    static func notFound(_ routes: Routes) -> HTTPResponse {
        let policies =
            routes.paths.isEmpty ? "" : " The policies are at \(routes.paths.joined(separator: ", "))."
        return HTTPResponse(
            status: .notFound,
            text:
                "There is nothing here.\(policies) Connect with openpi's websocket client, or ask /healthz over HTTP.\n"
        )
    }

    /// The response to an invalid websocket handshake.
    static let badHandshake = HTTPResponse(
        status: .badRequest,
        text:
            "This websocket request cannot be accepted: it needs method GET, no body, 'Connection: Upgrade', "
            + "'Sec-WebSocket-Version: 13' and one 'Sec-WebSocket-Key'.\n",
        headers: [("Sec-WebSocket-Version", "13")]
    )

    /// The response to bytes that are no HTTP request.
    static let malformed = HTTPResponse(
        status: .badRequest,
        text: "This is no HTTP request that can be read. \(wayIn)\n"
    )

    /// The response to a request whose headers are too long.
    static let longHeaders = HTTPResponse(
        status: .requestHeaderFieldsTooLarge,
        text: "The headers of this request are too long. \(wayIn)\n"
    )

    /// The response to a client that begins with TLS.
    static let encrypted = HTTPResponse(
        status: .badRequest,
        text: "This port speaks ws:// and http:// without TLS, not wss:// or https://. \(wayIn)\n"
    )

    private static let wayIn =
        "This is a policy server: connect with openpi's websocket client, ws://HOST:PORT."

    /// The response to a client beyond the `clients` that are served at a time.
    static func full(clients: Int) -> HTTPResponse {
        HTTPResponse(
            status: .serviceUnavailable,
            text:
                "This policy server talks to \(clients) clients at a time, and has as many: come back later.\n",
            headers: [("Retry-After", "1")]
        )
    }

    /// The response to `request`, which asks for no websocket.
    init(to request: HTTPRequestHead, _ routes: Routes) {
        switch request.path {
        case HTTPRequestHead.healthPath: self = .health(routes)
        case let path where path == "/" || routes.paths.contains(path): self = .needsWebsocket
        default: self = .notFound(routes)
        }
    }

    init(status: HTTPResponseStatus, text: String, headers: [(name: String, value: String)] = []) {
        self.status = status
        self.text = text
        self.headers = headers
    }

    /// Head and body of the response to a request of `method`, without the end.
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
    /// The path of health checks.
    static let healthPath = "/healthz"

    /// The path without its query.
    var path: String { String(uri.prefix { $0 != "?" }) }

    /// True if the client asks for a websocket; never for ``healthPath``.
    var wantsWebsocket: Bool {
        path != Self.healthPath
            && headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
    }

    /// True if the parser stops after this request, so that websocket frames follow.
    ///
    /// It does so for the token `upgrade` in `Connection`; a value written in any stranger way is not trusted.
    var endsHTTP: Bool {
        let values = headers["connection"]
        let isPlain = values.joined(separator: ",").allSatisfy {
            $0.isASCII && ($0.isLetter || "-, ".contains($0))
        }
        return method == .GET && version == .http1_1 && isPlain
            && headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    }
}
