import Logging
import NIOCore

extension PolicyServer {
    /// Accepts clients until the listener closes, then waits for those that are still being served.
    static func serve(_ listener: Listener, _ handler: any MessageHandler, _ logger: Logger)
        async
    {
        do {
            try await listener.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    var count = 0
                    for try await negotiation in connections {
                        count += 1
                        let connection = ConnectionID(number: count)
                        group.addTask { await converse(negotiation, connection, handler, logger) }
                    }
                }
            }
        } catch {
            logger.error("the server stopped listening: \(error)")
        }
    }

    private static func converse(
        _ negotiation: EventLoopFuture<Negotiated>,
        _ connection: ConnectionID,
        _ handler: any MessageHandler,
        _ logger: Logger
    ) async {
        // A connection that is neither websocket nor HTTP has been answered and closed by the pipeline.
        guard case .websocket(let channel) = try? await negotiation.get() else { return }
        var logger = logger
        logger[metadataKey: "connection"] = "\(connection.number)"
        await Conversation(connection: connection, handler: handler, logger: logger).run(on: channel)
    }
}
