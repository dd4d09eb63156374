import Foundation
import Logging
import PolicyProtocol
import PolicyServer
import Synchronization

/// Runs `body` beside a server on loopback, which is shut down afterwards.
///
/// - Parameters:
///   - handler: Replies to the clients.
///   - clients: Number of processes that connect.
///   - limits: Limits of a message.
///   - body: The clients' work; its argument is the server's port, any free one.
/// - Returns: The result of `body`.
/// - Throws: The errors of `body`, after which open requests are not waited for, and those of `PolicyServer.start()`.
func withServer<Result>(
    _ handler: any MessageHandler,
    clients: Int,
    limits: WireLimits = WireLimits(),
    _ body: (_ port: Int) async throws -> Result
) async throws -> Result {
    let server = PolicyServer(
        handler: handler,
        host: "127.0.0.1",
        port: 0,
        maximumClients: max(64, 2 * clients),
        limits: limits,
        logger: Logger(label: "simulator") { _ in SwiftLogNoOpLogHandler() }
    )
    let port = try await server.start()
    do {
        let result = try await body(port)
        await server.shutdown()
        return result
    } catch {
        await server.shutdown(gracePeriod: .zero)
        throw error
    }
}

extension PolicyServer {
    /// Serves until ctrl-C or SIGTERM, after which open requests are waited for; a second signal cuts them.
    func runUntilInterrupted() async {
        let wasInterrupted = Mutex(false)
        let signals = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler {
                let isAgain = wasInterrupted.withLock { wasInterrupted in
                    defer { wasInterrupted = true }
                    return wasInterrupted
                }
                Task { await self.shutdown(gracePeriod: isAgain ? .zero : nil) }
            }
            source.resume()
            return source
        }
        await waitUntilStopped()
        for source in signals { source.cancel() }
    }
}
