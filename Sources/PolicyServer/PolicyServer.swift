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

    /// Creates a server that does not listen yet.
    ///
    /// - Parameters:
    ///   - handler: Answers the clients.
    ///   - host: Address to listen on: `127.0.0.1` for this machine only, `0.0.0.0` for all networks.
    ///   - port: TCP port; 0 takes any free one.
    ///   - pingInterval: Silence after which a client is pinged, and three times which it counts as gone;
    ///     openpi's server waits 20 s, too.
    ///   - maximumClients: Websockets at a time; a client that comes when all are taken is told so and turned away.
    ///   - limits: How much a message may ask the server to hold.
    ///   - logger: Says who connects and what fails.
    public init(
        handler: any MessageHandler,
        host: String,
        port: Int,
        pingInterval: Duration = .seconds(20),
        maximumClients: Int = 64,
        limits: WireLimits = WireLimits(),
        logger: Logger
    ) {
        connections = Connections(
            handler: handler,
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

    /// Stops listening, lets every client have the reply it waits for, and says goodbye.
    ///
    /// - Parameter gracePeriod: Time for requests in progress; after it, connections are cut and the tasks
    ///   that answer them cancelled.
    public func shutdown(gracePeriod: Duration = .seconds(5)) async {
        guard let isStopped else { return }
        guard let listener else { return await waitUntilStopped() }
        self.listener = nil
        try? await listener.close()
        let conversations = connections.stop()
        Task {
            for conversation in conversations { await conversation.value }
            isStopped.succeed()
        }
        let cut = listener.eventLoop.scheduleTask(in: TimeAmount(gracePeriod)) { [connections] in
            connections.cut()
        }
        // A policy that ignores cancellation must not keep the program from ending.
        let leave = listener.eventLoop.scheduleTask(in: TimeAmount(gracePeriod) + .seconds(1)) {
            isStopped.succeed()
        }
        await waitUntilStopped()
        cut.cancel()
        leave.cancel()
        logger.info("stopped")
    }

    /// Waits until ``shutdown(gracePeriod:)`` has done its work; returns at once where nothing was started.
    public func waitUntilStopped() async {
        try? await isStopped?.futureResult.get()
    }
}
