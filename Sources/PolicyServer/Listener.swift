import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import PolicyProtocol

/// Opens a listening socket, and sets up the pipelines of its connections.
struct Listener: Sendable {
    /// The server's connections.
    let connections: Connections

    /// Time without a byte after which a client is pinged, and time for its first request.
    let pingInterval: TimeAmount

    /// Listens on `host:port`.
    func open(host: String, port: Int) async throws -> any Channel {
        try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 1 << 12, initial: 1 << 16, maximum: 1 << 20)
            )
            .childChannelInitializer { channel in
                connections.add(channel)
                return channel.eventLoop.makeCompletedFuture { try addHTTP(to: channel) }
            }
            .bind(host: host, port: port).get()
    }

    private func addHTTP(to channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let encoder = HTTPResponseEncoder()
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
        let upgrade = HTTPUpgradeHandler(
            requestTime: pingInterval,
            routes: connections.routes,
            refusal: connections.refusal(of:)
        ) { [self] handler, context in
            let pipeline = context.pipeline.syncOperations
            let channel = context.channel
            pipeline.removeHandler(encoder, promise: nil)
            pipeline.removeHandler(context: context, promise: nil)
            let session = try addWebsocket(to: channel)
            // Last, because it hands on the frames that arrived with the request.
            pipeline.removeHandler(decoder).whenComplete { _ in channel.pipeline.fireChannelReadComplete() }
            connections.startSession(on: session, with: handler)
        }
        try pipeline.addHandlers([
            IdleStateHandler(readTimeout: pingInterval), TLSDetector(), encoder, decoder, upgrade,
        ])
    }

    private func addWebsocket(to channel: any Channel) throws -> WebSocketSession.Channel {
        let limit = connections.limits.bytes
        try channel.pipeline.syncOperations.addHandlers([
            WebSocketFrameEncoder(),
            ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: limit)),
            NIOWebSocketFrameAggregator(
                minNonFinalFragmentSize: 0,
                maxAccumulatedFrameCount: 1 << 16,
                maxAccumulatedFrameSize: limit
            ),
            FrameHandler(largestMessage: limit),
        ])
        // The protocol is one message at a time: a client that sends ahead waits, and its messages do so at its side.
        return try NIOAsyncChannel(
            wrappingChannelSynchronously: channel,
            configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 1))
        )
    }
}
