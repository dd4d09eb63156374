/// Message handlers of a server, by the paths at which clients find them.
public struct Routes: Sendable {
    /// A handler under a name.
    private struct Route {
        let name: String
        let handler: any MessageHandler
    }

    private let routes: [Route]
    /// True for one handler without a name, found at every path.
    private let isSingle: Bool

    /// One handler, found at every path.
    public init(_ handler: any MessageHandler) {
        routes = [Route(name: "", handler: handler)]
        isSingle = true
    }

    /// Handlers by name, of which each is found at `/name`, and the first one at `/`, too.
    ///
    /// - Precondition: There is one at least, and no two have the same name.
    public init(_ handlers: [(name: String, handler: any MessageHandler)]) {
        precondition(
            !handlers.isEmpty && Set(handlers.map(\.name)).count == handlers.count,
            "handlers have names of their own"
        )
        routes = handlers.map { Route(name: $0.name, handler: $0.handler) }
        isSingle = false
    }

    /// The handler at `path`; nil where there is none.
    func handler(at path: String) -> (any MessageHandler)? {
        if isSingle || path == "/" || path.isEmpty { return routes[0].handler }
        let name = path.drop { $0 == "/" }
        return routes.first { $0.name == name || $0.name + "/" == name }?.handler
    }

    /// Paths of the handlers, the first one's first; empty for one handler without a name.
    var paths: [String] { isSingle ? [] : routes.map { "/" + $0.name } }
}
