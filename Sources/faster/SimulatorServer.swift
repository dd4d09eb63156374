import Logging
import PolicyProtocol
import PolicyServer

/// A server on loopback, at any free port, for the processes of a simulator.
///
/// - Parameters:
///   - handler: Answers the simulator.
///   - processes: How many there are, a client each.
///   - limits: How much a message may hold.
/// - Returns: The server, which does not listen yet and says nothing.
func simulatorServer(
    _ handler: any MessageHandler,
    processes: Int,
    limits: WireLimits = WireLimits()
) -> PolicyServer {
    PolicyServer(
        handler: handler,
        host: "127.0.0.1",
        port: 0,
        maximumClients: max(64, 2 * processes),
        limits: limits,
        logger: Logger(label: "simulator") { _ in SwiftLogNoOpLogHandler() }
    )
}
