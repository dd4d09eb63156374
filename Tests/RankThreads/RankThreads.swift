import Foundation
package import Torch

/// Process groups whose members are threads of a test; they meet over the loopback interface as processes do.
package enum RankThreads {
    /// Runs `body` for every rank on a thread of its own and returns the results by rank.
    package static func each<Result: Sendable>(
        of size: Int,
        timeout: Int = 60,
        silence: Duration = .seconds(30),
        _ body: @escaping @Sendable (ProcessGroup) throws -> Result
    ) async throws -> [Swift.Result<Result, any Error>] {
        let port = try freePort()
        return await withTaskGroup(of: (Int, Swift.Result<Result, any Error>).self) { tasks in
            for rank in 0 ..< size {
                tasks.addTask {
                    await withCheckedContinuation { continuation in
                        let thread = Thread {
                            let settings = ProcessGroup.Settings(
                                rank: rank,
                                size: size,
                                address: "127.0.0.1",
                                port: port,
                                interface: "127.0.0.1"
                            )
                            let result = Swift.Result {
                                try body(ProcessGroup(settings, timeout: timeout, silence: silence))
                            }
                            continuation.resume(returning: (rank, result))
                        }
                        thread.stackSize = 8 << 20
                        thread.start()
                    }
                }
            }
            return await tasks.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// A port of the loopback interface that nobody listens on.
    package static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let found = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard found else { throw CocoaError(.fileReadUnknown) }
        return Int(address.sin_port.bigEndian)
    }
}
