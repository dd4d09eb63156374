import NIOCore
import Synchronization

/// The connections of a server, so that shutting down can reach them.
final class OpenChannels: Sendable {
    private struct Entry {
        let channel: any Channel
        var isConversing = false
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        var isStopping = false
    }

    private let state = Mutex(State())

    /// Remembers `channel` until it closes; while stopping, closes it instead.
    func add(_ channel: any Channel) {
        let identifier = ObjectIdentifier(channel)
        let isStopping = state.withLock { state in
            state.entries[identifier] = Entry(channel: channel)
            return state.isStopping
        }
        channel.closeFuture.whenComplete { [self] _ in
            state.withLock { _ = $0.entries.removeValue(forKey: identifier) }
        }
        if isStopping { channel.close(promise: nil) }
    }

    /// Notes that `channel` has become a websocket, which is told before it is closed.
    func markConversing(_ channel: any Channel) {
        let isStopping = state.withLock { state in
            state.entries[ObjectIdentifier(channel)]?.isConversing = true
            return state.isStopping
        }
        if isStopping { channel.close(promise: nil) }
    }

    /// Asks every client to leave after the reply it waits for, and cuts what is no client yet.
    func stop() {
        let entries = state.withLock { state in
            state.isStopping = true
            return Array(state.entries.values)
        }
        for entry in entries {
            if entry.isConversing {
                entry.channel.pipeline.fireUserInboundEventTriggered(StopEvent())
            } else {
                entry.channel.close(promise: nil)
            }
        }
    }

    /// Cuts every connection.
    func closeAll() {
        for entry in state.withLock({ Array($0.entries.values) }) { entry.channel.close(promise: nil) }
    }
}
