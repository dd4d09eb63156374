import Logging
import NIOCore
import PolicyProtocol
import Synchronization

/// The connections of a server, from being accepted to being closed.
final class Connections: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var conversations: [ConnectionID: Task<Void, Never>] = [:]
        var conversing: Set<ObjectIdentifier> = []
        var count = 0
        var isStopping = false
    }

    /// Connections beside the clients': those that have not said yet what they want, and those that ask for health.
    private static let spareConnections = 64

    /// How much a message may ask the server to hold.
    let limits: WireLimits

    private let handler: any MessageHandler
    private let maximumClients: Int
    private let logger: Logger
    private let state = Mutex(State())

    init(handler: any MessageHandler, maximumClients: Int, limits: WireLimits, logger: Logger) {
        precondition(maximumClients > 0, "a server needs room for a client")
        self.handler = handler
        self.maximumClients = maximumClients
        self.limits = limits
        self.logger = logger
    }

    /// Remembers `channel` until it closes; while stopping, and where there are far too many, closes it instead.
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
                state.conversing.remove(identifier)
            }
        }
        if isRefused { channel.close(promise: nil) }
    }

    /// Keeps a place for `channel`, which is about to become a websocket, until it closes.
    ///
    /// - Returns: What to answer instead where there is no place left; nil where there is.
    func refusal(of channel: any Channel) -> PlainReply? {
        let most = maximumClients
        let isAdmitted = state.withLock { state in
            guard state.conversing.count < most else { return false }
            state.conversing.insert(ObjectIdentifier(channel))
            return true
        }
        guard !isAdmitted else { return nil }
        logger.warning("client turned away", metadata: ["clients": "\(most)"])
        return .full(clients: most)
    }

    /// Starts to talk on `channel`, whose websocket has just been opened; while stopping, closes it instead.
    ///
    /// The task starts here, on the event loop, so that no opened channel is ever left without one.
    func converse(on channel: Conversation.Channel) {
        state.withLock { state in
            state.count += 1
            let connection = ConnectionID(number: state.count)
            var logger = logger
            logger[metadataKey: "connection"] = "\(connection.number)"
            let conversation = Conversation(
                connection: connection,
                handler: handler,
                limits: limits,
                logger: logger
            )
            let isLate = state.isStopping
            if !isLate { state.conversing.insert(ObjectIdentifier(channel.channel)) }
            state.conversations[connection] = Task { [self] in
                if isLate { channel.channel.close(promise: nil) }
                await conversation.run(on: channel)
                self.state.withLock { _ = $0.conversations.removeValue(forKey: connection) }
            }
        }
    }

    /// Asks every client to leave after the reply it waits for, and cuts what is no client yet.
    ///
    /// - Returns: The conversations that are still going on.
    func stop() -> [Task<Void, Never>] {
        let (channels, conversing, conversations) = state.withLock { state in
            state.isStopping = true
            return (state.channels, state.conversing, Array(state.conversations.values))
        }
        for (identifier, channel) in channels {
            if conversing.contains(identifier) {
                channel.pipeline.fireUserInboundEventTriggered(StopEvent())
            } else {
                channel.close(promise: nil)
            }
        }
        return conversations
    }

    /// Cuts every connection and cancels what answers it.
    func cut() {
        let (channels, conversations) = state.withLock { state in
            (Array(state.channels.values), Array(state.conversations.values))
        }
        for channel in channels { channel.close(promise: nil) }
        for conversation in conversations { conversation.cancel() }
    }
}
