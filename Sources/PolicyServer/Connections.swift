import Logging
import NIOCore
import PolicyProtocol
import Synchronization

/// The open connections of a server and their sessions.
final class Connections: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var sessions: [ConnectionID: Task<Void, Never>] = [:]
        var websockets: Set<ObjectIdentifier> = []
        var count = 0
        var isStopping = false
    }

    /// Number of connections beside the clients': those without a request yet, and health checks.
    private static let spareConnections = 64

    /// Limits of a message.
    let limits: WireLimits

    /// Handlers of the clients.
    let routes: Routes

    private let maximumClients: Int
    private let logger: Logger
    private let state = Mutex(State())

    init(routes: Routes, maximumClients: Int, limits: WireLimits, logger: Logger) {
        precondition(maximumClients > 0, "a server needs room for a client")
        self.routes = routes
        self.maximumClients = maximumClients
        self.limits = limits
        self.logger = logger
    }

    /// Registers `channel` until it closes; while stopping, and where there are far too many, closes it instead.
    func add(_ channel: any Channel) {
        let identifier = ObjectIdentifier(channel)
        let most = maximumClients + Self.spareConnections
        let isRefused = state.withLock { state in
            state.channels[identifier] = channel
            let isFull = state.channels.count > most
            return state.isStopping || isFull
        }
        channel.closeFuture.whenComplete { [self] _ in
            state.withLock { state in
                state.channels[identifier] = nil
                state.websockets.remove(identifier)
            }
        }
        if isRefused { channel.close(promise: nil) }
    }

    /// Reserves a slot for `channel`, which is about to become a websocket, until it closes.
    ///
    /// - Returns: nil, or the response to a client beyond the maximum.
    func refusal(of channel: any Channel) -> HTTPResponse? {
        let most = maximumClients
        let isAdmitted = state.withLock { state in
            guard state.websockets.count < most else { return false }
            state.websockets.insert(ObjectIdentifier(channel))
            return true
        }
        guard !isAdmitted else { return nil }
        logger.warning("client turned away", metadata: ["clients": "\(most)"])
        return .full(clients: most)
    }

    /// Starts the session of `channel`, whose websocket has just been opened, with `handler`; while stopping, closes it instead.
    ///
    /// The task starts here, on the event loop, so that no opened channel is ever left without one.
    func startSession(on channel: WebSocketSession.Channel, with handler: any MessageHandler) {
        let task = state.withLock { state in
            state.count += 1
            let connection = ConnectionID(number: state.count)
            var logger = logger
            logger[metadataKey: "connection"] = "\(connection.number)"
            let session = WebSocketSession(
                connection: connection,
                handler: handler,
                limits: limits,
                logger: logger
            )
            let isLate = state.isStopping
            if !isLate { state.websockets.insert(ObjectIdentifier(channel.channel)) }
            let task: Task<Void, Never> = Task { [self] in
                if isLate { channel.channel.close(promise: nil) }
                await session.run(on: channel)
                self.state.withLock { _ = $0.sessions.removeValue(forKey: connection) }
            }
            state.sessions[connection] = task
            return task
        }
        if handler.isCancelledByDisconnection {
            channel.channel.closeFuture.whenComplete { _ in task.cancel() }
        }
    }

    /// Ends every session after its present reply, and closes all other connections.
    ///
    /// - Returns: The sessions that still run.
    func stop() -> [Task<Void, Never>] {
        let (channels, websockets, sessions) = state.withLock { state in
            state.isStopping = true
            return (state.channels, state.websockets, Array(state.sessions.values))
        }
        for (identifier, channel) in channels {
            if websockets.contains(identifier) {
                channel.pipeline.fireUserInboundEventTriggered(StopEvent())
            } else {
                channel.close(promise: nil)
            }
        }
        return sessions
    }

    /// Closes every connection and cancels its session.
    func abort() {
        let (channels, sessions) = state.withLock { state in
            (Array(state.channels.values), Array(state.sessions.values))
        }
        for channel in channels { channel.close(promise: nil) }
        for session in sessions { session.cancel() }
    }
}
