public import Logging
import NIOCore

/// Serves openpi's websocket protocol: any number of clients, one request of each at a time.
///
/// ```swift
/// let handler = PolicyHandler(policy: policy, serverName: "faster", version: "0.1.0")
/// let server = PolicyServer(handler: handler, host: "127.0.0.1", port: 8000, logger: logger)
/// let port = try await server.start()
/// ```
///
/// Source: openpi's `websocket_policy_server.py`; `Documentation/Formats/OpenpiProtocol.md` has the messages.
public actor PolicyServer {
    private let handler: any MessageHandler
    private let host: String
    private let port: Int
    private let logger: Logger
    private let channels = OpenChannels()
    private var listener: Listener?
    private var isStarted = false
    private var isFinished: EventLoopPromise<Void>?
    private var serving: Task<Void, Never>?

    /// Creates a server that does not listen yet.
    ///
    /// - Parameters:
    ///   - handler: Answers the clients.
    ///   - host: Address to listen on: `127.0.0.1` for this machine only, `0.0.0.0` for all networks.
    ///   - port: TCP port; 0 takes any free one.
    ///   - logger: Says who connects and what fails.
    public init(handler: any MessageHandler, host: String, port: Int, logger: Logger) {
        self.handler = handler
        self.host = host
        self.port = port
        self.logger = logger
    }

    /// Starts to listen and returns at once; clients are served in the background.
    ///
    /// - Returns: The port, which differs from the one asked for when that was 0.
    /// - Throws: ``PolicyServerError`` that names host and port.
    @discardableResult
    public func start() async throws(PolicyServerError) -> Int {
        guard !isStarted else { throw .alreadyStarted }
        isStarted = true
        let listener: Listener
        do {
            listener = try await .listening(host: host, port: port, channels: channels)
        } catch {
            isStarted = false
            throw PolicyServerError(error, host: host, port: port)
        }
        self.listener = listener
        let isFinished = listener.channel.eventLoop.makePromise(of: Void.self)
        self.isFinished = isFinished
        serving = Task { [handler, logger] in
            await Self.serve(listener, handler, logger)
            isFinished.succeed()
        }
        let actualPort = listener.channel.localAddress?.port ?? port
        logger.info("listening", metadata: ["address": "\(host):\(actualPort)"])
        return actualPort
    }

    /// Stops listening, lets every client have the reply it waits for, and says goodbye.
    ///
    /// - Parameter gracePeriod: Time for requests in progress; after it, connections are cut and the tasks
    ///   that answer them cancelled.
    public func shutdown(gracePeriod: Duration = .seconds(5)) async {
        guard let listener, let isFinished else { return }
        listener.channel.close(promise: nil)
        channels.stop()
        let loop = listener.channel.eventLoop
        let cut = loop.scheduleTask(in: TimeAmount(gracePeriod)) { [channels, serving] in
            channels.closeAll()
            serving?.cancel()
        }
        // A policy that ignores cancellation must not keep the program from ending.
        let leave = loop.scheduleTask(in: TimeAmount(gracePeriod) + .seconds(1)) { isFinished.succeed() }
        await waitUntilStopped()
        cut.cancel()
        leave.cancel()
        logger.info("stopped")
    }

    /// Waits until ``shutdown(gracePeriod:)`` has done its work; returns at once where nothing was started.
    public func waitUntilStopped() async {
        try? await isFinished?.futureResult.get()
    }
}
