import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// The address of a policy server, and the patience with it.
struct ServerAddress {
    let host: String
    let port: Int
    let timeout: Duration

    /// Largest number of bytes of a message.
    private static let largestMessage = 1 << 26

    private typealias Channel = ServerConnection.Channel

    /// Opens a websocket, runs `body` on it, and closes it.
    ///
    /// - Throws: ``ConnectionError``, or the error of `body`.
    func connect<Result: Sendable>(
        _ body: @Sendable (inout ServerConnection) async throws -> Result
    ) async throws -> Result {
        let start = ContinuousClock.now
        do {
            let channel = try await openWebsocket()
            return try await channel.executeThenClose { inbound, outbound in
                var connection = ServerConnection(inbound: inbound.makeAsyncIterator(), outbound: outbound)
                let result = try await body(&connection)
                try await connection.close()
                return result
            }
        } catch is ConnectionClosed {
            throw ConnectionError(
                ContinuousClock.now - start < timeout
                    ? "\(host):\(port) closed the connection without a reply"
                    : "\(host):\(port) did not reply within \(timeout)"
            )
        }
    }

    private func openWebsocket() async throws -> Channel {
        let upgrade: EventLoopFuture<Channel?>
        do {
            upgrade = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(TimeAmount(timeout))
                .connect(host: host, port: port) { channel in
                    channel.eventLoop.scheduleTask(in: TimeAmount(timeout)) { channel.close(promise: nil) }
                    return channel.eventLoop.makeCompletedFuture { try requestWebsocket(on: channel) }
                }
        } catch {
            throw ConnectionError(
                "nothing listens on \(host):\(port) (\(error)); start a server: faster serve --policy metaworld"
            )
        }
        let channel: Channel?
        do {
            channel = try await upgrade.get()
        } catch is ChannelError {
            throw ConnectionClosed()
        } catch {
            throw ConnectionError("\(host):\(port) is no policy server: \(error)")
        }
        guard let channel else {
            throw ConnectionError("\(host):\(port) opens no websocket: it is no policy server, or is full")
        }
        return channel
    }

    /// Asks for a websocket; the future's value is nil where the server refuses.
    private func requestWebsocket(on channel: any NIOCore.Channel) throws -> EventLoopFuture<Channel?> {
        let upgrader = NIOTypedWebSocketClientUpgrader<Channel?>(
            maxFrameSize: Self.largestMessage,
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        NIOWebSocketFrameAggregator(
                            minNonFinalFragmentSize: 0,
                            maxAccumulatedFrameCount: 1 << 16,
                            maxAccumulatedFrameSize: Self.largestMessage
                        )
                    )
                    return try Channel(wrappingChannelSynchronously: channel)
                }
            }
        )
        let request = HTTPRequestHead(
            version: .http1_1,
            method: .GET,
            uri: "/",
            headers: ["Host": "\(host):\(port)"]
        )
        return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
            configuration: NIOUpgradableHTTPClientPipelineConfiguration(
                upgradeConfiguration: NIOTypedHTTPClientUpgradeConfiguration(
                    upgradeRequestHead: request,
                    upgraders: [upgrader],
                    notUpgradingCompletionHandler: { channel in
                        channel.close(promise: nil)
                        return channel.eventLoop.makeSucceededFuture(nil)
                    }
                )
            )
        )
    }
}

/// A connection or a message that fails.
struct ConnectionError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The end of the server's messages.
struct ConnectionClosed: Error {}
