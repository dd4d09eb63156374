import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import PolicyProtocol

/// What a new connection turned out to be.
enum Negotiated: Sendable {
    /// A client of openpi's protocol.
    case websocket(Conversation.Channel)
    /// A plain request, answered by ``PlainHTTP``.
    case plainHTTP
}

/// A listening socket for websockets and plain HTTP.
typealias Listener = NIOAsyncChannel<EventLoopFuture<Negotiated>, Never>

extension Listener {
    /// Listens on `host:port`; every connection is noted in `channels`.
    static func listening(host: String, port: Int, channels: OpenChannels) async throws -> Listener {
        try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 1 << 12, initial: 1 << 16, maximum: 1 << 20)
            )
            .bind(host: host, port: port) { channel in
                channels.add(channel)
                return channel.eventLoop.makeCompletedFuture { try channel.configurePolicyPipeline(channels) }
            }
    }
}

extension Channel {
    /// Time without a byte after which a client is pinged; openpi's server waits as long.
    private static var pingInterval: TimeAmount { .seconds(20) }

    fileprivate func configurePolicyPipeline(_ channels: OpenChannels) throws -> EventLoopFuture<Negotiated> {
        try pipeline.syncOperations.addHandler(IdleStateHandler(readTimeout: Self.pingInterval))
        let upgrader = NIOTypedWebSocketServerUpgrader<Negotiated>(
            maxFrameSize: WireLimits().bytes,
            enableAutomaticErrorHandling: false,
            shouldUpgrade: { channel, head in
                let accepts = PlainHTTP.path(of: head) != PlainHTTP.healthPath
                return channel.eventLoop.makeSucceededFuture(accepts ? HTTPHeaders() : nil)
            },
            upgradePipelineHandler: { channel, _ in
                channels.markConversing(channel)
                return channel.eventLoop.makeCompletedFuture {
                    .websocket(try channel.makeConversationChannel())
                }
            }
        )
        let configuration = NIOTypedHTTPServerUpgradeConfiguration(
            upgraders: [upgrader],
            notUpgradingCompletionHandler: { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(PlainHTTP())
                    return .plainHTTP
                }
            }
        )
        return try pipeline.syncOperations.configureUpgradableHTTPServerPipeline(
            configuration: .init(upgradeConfiguration: configuration)
        )
    }

    private func makeConversationChannel() throws -> Conversation.Channel {
        let limit = WireLimits().bytes
        try pipeline.syncOperations.addHandler(
            NIOWebSocketFrameAggregator(
                minNonFinalFragmentSize: 0,
                maxAccumulatedFrameCount: 1 << 16,
                maxAccumulatedFrameSize: limit
            )
        )
        try pipeline.syncOperations.addHandler(ConnectionEvents())
        return try NIOAsyncChannel(
            wrappingChannelSynchronously: self,
            configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 4))
        )
    }
}
