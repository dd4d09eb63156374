import Foundation
import RankThreads
import Testing

@testable import Torch

@Suite("Process groups", .serialized, .timeLimit(.minutes(2)))
struct ProcessGroupTests {
    @Test("sum tensors of any size, over several buckets, and broadcast rank 0's", arguments: [2, 3])
    func sums(size: Int) async throws {
        let results = try await RankThreads.each(of: size) { group in
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

    @Test("complete tensors of which every rank has its part, over several buckets", arguments: [2, 3])
    func gathers(size: Int) async throws {
        let shapes = [[9, 5], [1], [7 << 20], [40]]
        let results = try await RankThreads.each(of: size) { group in
            let tensors = shapes.map { shape in
                let own = Tensor.zeros(shape)
                let slice = group.shard.slice(of: own)
                if slice.count > 0 { slice.copyInPlace(.full([slice.count], Double(group.rank + 1))) }
                return own
            }
            try group.gather(tensors)
            return tensors.map(\.floats)
        }
        for result in results {
            for (shape, values) in zip(shapes, try result.get()) {
                let count = shape.reduce(1, *)
                let length = ((count + size - 1) / size + 15) / 16 * 16
                #expect(values == (0 ..< count).map { Float($0 / length + 1) })
            }
        }
    }

    @Test("average gradients, sent by backward bucket by bucket or at its end", arguments: [true, false])
    func gradients(overlap: Bool) async throws {
        let results = try await RankThreads.each(of: 3) { group in
            // In the first, two buckets; the others are used by all, by rank 0 only, by nobody.
            let shapes = [[300_000], [300_000], [2, 3], [4], [5]]
            let parameters = shapes.map { Tensor.full($0, 2).requiringGradient() }
            let reducer = GradientReducer(parameters, over: group)
            var gradients: [[Float]?] = []
            for step in 1 ... 2 {
                for parameter in parameters { parameter.setGradient(nil) }
                let used = group.rank == 0 ? 4 : 3
                let scale = Double(step * (group.rank + 1)) / 2
                func halfLoss() -> Tensor {
                    parameters.prefix(used).map { ($0 * $0).sum() }.reduce(Tensor.scalar(0), +) * scale
                }
                // A part of the gradient comes from an earlier backward pass.
                halfLoss().backward()
                if overlap { reducer.start() }
                halfLoss().backward()
                try reducer.finish()
                gradients = parameters.map { $0.gradient.map { Array(Set($0.floats)) } }
            }
            return gradients
        }
        // 4 a unit of loss, of 2, 4 and 6 units.
        for result in results { #expect(try result.get() == [[16], [16], [16], [8.0 / 3], nil]) }
    }

    @Test("make a loss of means over other numbers of entries the mean over all")
    func averages() async throws {
        let entries: [[Float]] = [[1, 2, 3, 4, 5], [7]]
        let results = try await RankThreads.each(of: 2) { group in
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
        @Sendable func loss(_ rows: Range<Int>, isShared: Bool) -> Tensor {
            let targets = Tensor(Array(targets[rows]))
            let count = targets.greaterOrEqual(0).to(.float32).sum()
            return Tensor(Array(logits[rows.lowerBound * 2 ..< rows.upperBound * 2]), shape: [rows.count, 2])
                .crossEntropy(
                    targets,
                    labelSmoothing: 0.1,
                    count: isShared ? count.averagedOverProcesses() : nil
                )
        }
        let whole = loss(0 ..< 4, isShared: false).item
        let results = try await RankThreads.each(of: 2) { group in
            try withProcesses(group) {
                try group.sum([loss(group.rank == 0 ? 0 ..< 2 : 2 ..< 4, isShared: true).item])[0] / 2
            }
        }
        for result in results { #expect(abs(try result.get() - whole) < 1e-6) }
    }

    @Test("fail in the others when one is gone, in the loss as well, and say so")
    func lost() async throws {
        let results = try await RankThreads.each(of: 2) { group in
            try group.barrier()
            // The group of rank 1 ends here.
            guard group.rank == 0 else { return }
            _ = try withProcesses(group) { Tensor([1.0]).averagedOverProcesses() }
        }
        _ = try results[1].get()
        let error = #expect(throws: ProcessGroupError.self) { try results[0].get() }
        #expect(error?.description.hasPrefix("rank 0 of 2 lost the others: ") == true)
    }

    @Test("wait for a process that works for longer than a silent one is waited for")
    func slow() async throws {
        let results = try await RankThreads.each(of: 2, silence: .milliseconds(600)) { group in
            for slow in 0 ..< 2 {
                if group.rank == slow { Thread.sleep(forTimeInterval: 2) }
                try group.barrier()
            }
        }
        for result in results { try result.get() }
    }

    @Test("wait for a process that computes for longer than an idle one may last")
    func busy() async throws {
        let results = try await RankThreads.each(of: 2, silence: .milliseconds(300)) { group in
            if group.rank == 1 {
                let end = ContinuousClock.now + .seconds(8)
                while ContinuousClock.now < end { _ = Tensor.ones([64, 64]).matmul(.ones([64, 64])) }
            }
            try group.barrier()
        }
        for result in results { try result.get() }
    }

    @Test("name those who do not come, to all that have")
    func missing() async throws {
        let results = try await RankThreads.each(of: 4, starting: [0, 2], timeout: 2) { _ in }
        for (rank, result) in zip([0, 2], results) {
            let error = #expect(throws: ProcessGroupError.self) { try result.get() }
            #expect(
                error?.description.hasPrefix("rank \(rank) cannot join 4 processes at 127.0.0.1:") == true
            )
            #expect(error?.description.hasSuffix(": 2 of 4 have joined within 2 s; missing: 1 3") == true)
        }
    }

    @Test("give up where nobody is")
    func alone() throws {
        let settings = ProcessGroup.Settings(
            rank: 1,
            size: 2,
            address: "127.0.0.1",
            port: try LoopbackPort.unused(),
            interface: "127.0.0.1"
        )
        let error = #expect(throws: ProcessGroupError.self) { try ProcessGroup(settings, timeout: 1) }
        #expect(error?.description.hasPrefix("rank 1 cannot join 2 processes at 127.0.0.1:") == true)
        #expect(error?.description.hasSuffix(": rank 0 was not reached within 1 s") == true)
    }
}
