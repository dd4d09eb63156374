public import Logging
import NIOCore
public import PolicyProtocol

/// Serves openpi's websocket protocol: many clients, one request of each at a time.
///
/// ```swift
/// let handler = PolicyHandler(policy: policy, serverName: "faster", version: "0.1.0")
/// let server = PolicyServer(handler: handler, host: "127.0.0.1", port: 8000, logger: logger)
/// let port = try await server.start()
/// ```
///
/// Source: openpi's `websocket_policy_server.py`; `Documentation/Formats/OpenpiProtocol.md` has the messages.
public actor PolicyServer {
    private let host: String
    private let port: Int
    private let pingInterval: Duration
    private let logger: Logger
    private let connections: Connections
    private var isStarted = false
    private var listener: (any Channel)?
    private var isStopped: EventLoopPromise<Void>?

    /// Creates a server with one handler, which does not listen yet.
    ///
    /// - Parameters:
    ///   - handler: Replies to the clients, whatever path they ask for.
    ///   - host: Address to listen on.
    ///   - port: TCP port.
    ///   - pingInterval: Silence after which a client is pinged.
    ///   - maximumClients: Number of websockets at a time.
    ///   - limits: Limits of a message.
    ///   - logger: Logger of connections and failures.
    public init(
        handler: any MessageHandler,
        host: String,
        port: Int,
        pingInterval: Duration = .seconds(20),
        maximumClients: Int = 64,
        limits: WireLimits = WireLimits(),
        logger: Logger
    ) {
        self.init(
            routes: Routes(handler),
            host: host,
            port: port,
            pingInterval: pingInterval,
            maximumClients: maximumClients,
            limits: limits,
            logger: logger
        )
    }

    /// Creates a server that does not listen yet.
    ///
    /// - Parameters:
    ///   - routes: Handlers that reply to the clients, by path.
    ///   - host: Address to listen on: `127.0.0.1` for this machine only, `0.0.0.0` for all networks.
    ///   - port: TCP port; 0 takes any free one.
    ///   - pingInterval: Silence after which a client is pinged, and three times which its connection is closed; 20 s in
    ///     openpi's server, too. A new connection has as long for its request.
    ///   - maximumClients: Number of websockets at a time; further clients get status 503.
    ///   - limits: Limits of a message.
    ///   - logger: Logger of connections and failures.
    public init(
        routes: Routes,
        host: String,
        port: Int,
        pingInterval: Duration = .seconds(20),
        maximumClients: Int = 64,
        limits: WireLimits = WireLimits(),
        logger: Logger
    ) {
        connections = Connections(
            routes: routes,
            maximumClients: maximumClients,
            limits: limits,
            logger: logger
        )
        self.host = host
        self.port = port
        self.pingInterval = pingInterval
        self.logger = logger
    }

    deinit {
        listener?.close(promise: nil)
        isStopped?.succeed()
    }

    /// Starts to listen and returns at once; clients are served in the background.
    ///
    /// - Returns: The port, which differs from the one asked for when that was 0.
    /// - Throws: ``PolicyServerError`` that names host and port.
    @discardableResult
    public func start() async throws(PolicyServerError) -> Int {
        guard !isStarted else { throw .alreadyStarted }
        guard (0 ... 65_535).contains(port) else { throw .impossiblePort(port) }
        isStarted = true
        let listener: any Channel
        do {
            listener = try await Listener(connections: connections, pingInterval: TimeAmount(pingInterval))
                .open(host: host, port: port)
        } catch {
            isStarted = false
            throw PolicyServerError(error, host: host, port: port)
        }
        self.listener = listener
        isStopped = listener.eventLoop.makePromise()
        let actualPort = listener.localAddress?.port ?? port
        logger.info("listening", metadata: ["address": "\(host):\(actualPort)"])
        return actualPort
    }

    /// Stops listening, and closes every connection after its present reply.
    ///
    /// Called again meanwhile, it cuts the wait short to another grace period.
    ///
    /// - Parameter gracePeriod: Time for requests in progress; after it, connections are closed and their sessions
    ///   cancelled. nil waits for all.
    public func shutdown(gracePeriod: Duration? = .seconds(5)) async {
        guard let isStopped else { return }
        if let listener {
            self.listener = nil
            try? await listener.close()
            let sessions = connections.stop()
            Task {
                for session in sessions { await session.value }
                isStopped.succeed()
                logger.info("stopped")
            }
        }
        guard let gracePeriod else { return await waitUntilStopped() }
        let loop = isStopped.futureResult.eventLoop
        let abort = loop.scheduleTask(in: TimeAmount(gracePeriod)) { [connections] in connections.abort() }
        // A policy that ignores cancellation must not keep the program from ending.
        let leave = loop.scheduleTask(in: TimeAmount(gracePeriod) + .seconds(1)) { isStopped.succeed() }
        await waitUntilStopped()
        abort.cancel()
        leave.cancel()
    }

    /// Waits until ``shutdown(gracePeriod:)`` is done; returns at once where the server was not started.
    public func waitUntilStopped() async {
        try? await isStopped?.futureResult.get()
    }
}
