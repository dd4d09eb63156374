import Foundation
import Synchronization
import Testing

@testable import Torch

/// Groups whose members are threads of the test; they meet over the loopback interface as processes do.
@Suite("Process groups", .serialized, .timeLimit(.minutes(2)))
struct ProcessGroupTests {
    /// Runs `body` for every rank on a thread of its own and returns the results by rank.
    private func each<Result: Sendable>(
        of size: Int,
        timeout: Int = 60,
        _ body: @escaping @Sendable (ProcessGroup) throws -> Result
    ) async throws -> [Swift.Result<Result, any Error>] {
        let port = try freePort()
        return await withTaskGroup(of: (Int, Swift.Result<Result, any Error>).self) { tasks in
            for rank in 0 ..< size {
                tasks.addTask {
                    await withCheckedContinuation { continuation in
                        Thread.detachNewThread {
                            let settings = ProcessGroup.Settings(
                                rank: rank,
                                size: size,
                                address: "127.0.0.1",
                                port: port,
                                interface: "127.0.0.1"
                            )
                            let result = Swift.Result { try body(ProcessGroup(settings, timeout: timeout)) }
                            continuation.resume(returning: (rank, result))
                        }
                    }
                }
            }
            return await tasks.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    @Test("sum tensors of any size, over several buckets, and broadcast rank 0's", arguments: [2, 3])
    func sums(size: Int) async throws {
        let results = try await each(of: size) { group in
            let own = Double(group.rank + 1)
            let tensors = [
                Tensor.full([3], own), Tensor.full([7 << 20], own), Tensor.full([2, 2], own * 10),
            ]
            try group.sum(tensors)
            let first = Tensor.full([4], own)
            try group.broadcast([first])
            let values: [Float] = tensors[1].values()
            #expect(Set(values).count == 1)
            return [tensors[0].mean().item, Double(values[0]), tensors[2].mean().item, first.mean().item]
        }
        let sum = Double(size * (size + 1) / 2)
        for result in results { #expect(try result.get() == [sum, sum, sum * 10, 1]) }
    }

    @Test("make a loss of means over other numbers of entries the mean over all")
    func averages() async throws {
        let entries: [[Float]] = [[1, 2, 3, 4, 5], [7]]
        let results = try await each(of: 2) { group in
            try withProcesses(group) {
                let own = Tensor(entries[group.rank])
                let loss = own.sum() / Tensor([Double(own.count)]).averagedOverProcesses()
                return try group.sum([loss.item])[0] / 2
            }
        }
        for result in results { #expect(abs(try result.get() - 22.0 / 6) < 1e-6) }
    }

    @Test("of cross-entropies, too, where targets are ignored")
    func crossEntropy() async throws {
        let logits: [Float] = [0.1, 0.7, -0.2, 0.4, 0.3, 0.9, -1, 0.2]
        let targets = [0, -100, 1, 1]
        @Sendable func loss(_ rows: Range<Int>) -> Tensor {
            Tensor(Array(logits[rows.lowerBound * 2 ..< rows.upperBound * 2]), shape: [rows.count, 2])
                .crossEntropy(Tensor(Array(targets[rows])), labelSmoothing: 0.1)
        }
        let whole = loss(0 ..< 4).item
        let results = try await each(of: 2) { group in
            try withProcesses(group) {
                try group.sum([loss(group.rank == 0 ? 0 ..< 2 : 2 ..< 4).item])[0] / 2
            }
        }
        for result in results { #expect(abs(try result.get() - whole) < 1e-6) }
    }

    @Test("fail in the others when one is gone, in the loss as well, and say so")
    func lost() async throws {
        let results = try await each(of: 2) { group in
            try group.barrier()
            // The group of rank 1 ends here.
            guard group.rank == 0 else { return }
            _ = try withProcesses(group) { Tensor([1.0]).averagedOverProcesses() }
        }
        _ = try results[1].get()
        let error = #expect(throws: ProcessGroupError.self) { try results[0].get() }
        #expect(error?.description.hasPrefix("rank 0 of 2 lost the others: ") == true)
    }

    @Test("give up where nobody is")
    func alone() throws {
        let settings = ProcessGroup.Settings(
            rank: 1,
            size: 2,
            address: "127.0.0.1",
            port: try freePort(),
            interface: "127.0.0.1"
        )
        let error = #expect(throws: ProcessGroupError.self) { try ProcessGroup(settings, timeout: 1) }
        #expect(error?.description.hasPrefix("rank 1 cannot join 2 processes at 127.0.0.1:") == true)
    }

    private func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                #expect(bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0)
            }
        }
        return Int(address.sin_port.bigEndian)
    }
}
