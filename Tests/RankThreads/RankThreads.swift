import Foundation
package import Torch

/// Process groups whose members are threads of a test; they meet over the loopback interface as processes do.
package enum RankThreads {
    /// Runs `body` for every rank, or for those of `starting`, on a thread of its own and returns the results by rank.
    package static func each<Result: Sendable>(
        of size: Int,
        starting ranks: [Int]? = nil,
        timeout: Int = 60,
        silence: Duration = .seconds(30),
        _ body: @escaping @Sendable (ProcessGroup) throws -> Result
    ) async throws -> [Swift.Result<Result, any Error>] {
        let port = try LoopbackPort.unused()
        return await withTaskGroup(of: (Int, Swift.Result<Result, any Error>).self) { tasks in
            for rank in ranks ?? Array(0 ..< size) {
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
}
