import Backbones
import Testing
import Torch

@testable import FASTerVLA

@Suite("Decoding before a deadline")
struct DeadlineTests {
    /// Latencies of many blocks, and detokenizations.
    private func latencies(block: Duration, detokenization: Duration = .zero) -> LatencyEstimate {
        var latencies = LatencyEstimate()
        for _ in 0 ..< 31 {
            latencies.add(block: block)
            latencies.add(detokenization: detokenization)
        }
        return latencies
    }

    /// Codes of 3 x 5 that are decoded when `time` is left, and all of them.
    private func decoded(_ blockSize: Int, within time: Duration, _ latencies: LatencyEstimate) throws -> (
        part: BlockDecoding, all: Tensor
    ) {
        let network = SmallNetwork.network(blockSize: nil)
        let head = try #require(network.blockHead)
        return withoutGradients {
            let prefix = network.backbone.prefix(of: SmallNetwork.input)
            let decoder = network.decoder(head, blockSize: blockSize)
            var latencies = latencies
            let part = decoder.decode(
                after: prefix,
                before: ContinuousClock.now + time,
                latencies: &latencies
            )
            return (part, decoder.codes(after: prefix))
        }
    }

    @Test("stops after the first whole codebook when the next one would come too late", arguments: [1, 5, 8])
    func tooLate(blockSize: Int) throws {
        let (part, all) = try decoded(blockSize, within: .seconds(50), latencies(block: .seconds(60)))
        #expect(part.codebooks == 1)
        #expect(part.blockTimes.count == [1: 5, 5: 1, 8: 1][blockSize])
        #expect(part.codes.integers == all.narrowed(1, from: 0, count: 5).integers)
    }

    @Test("needs time for every block of a codebook, not only for the next one")
    func wholeCodebooks() throws {
        #expect(try decoded(1, within: .seconds(200), latencies(block: .seconds(60))).part.codebooks == 1)
        #expect(try decoded(1, within: .seconds(400), latencies(block: .seconds(60))).part.codebooks == 3)
    }

    @Test("keeps time for detokenization")
    func detokenization() throws {
        let latencies = latencies(block: .milliseconds(1), detokenization: .seconds(60))
        #expect(try decoded(5, within: .seconds(50), latencies).part.codebooks == 1)
        #expect(try decoded(5, within: .seconds(120), latencies).part.codebooks == 3)
    }

    @Test("gives one codebook also when the deadline is over, or all where they are one block")
    func over() throws {
        #expect(try decoded(5, within: .seconds(-1), LatencyEstimate()).part.codebooks == 1)
        #expect(try decoded(15, within: .seconds(-1), LatencyEstimate()).part.codebooks == 3)
    }

    @Test("decodes no more codebooks than were asked for, the same as of all", arguments: [1, 5, 7, 15])
    func codebooks(blockSize: Int) throws {
        let network = SmallNetwork.network(blockSize: nil)
        let head = try #require(network.blockHead)
        withoutGradients {
            let prefix = network.backbone.prefix(of: SmallNetwork.input)
            let all = network.decoder(head, blockSize: blockSize).codes(
                after: prefix
            )
            for count in 1 ... 3 {
                let part = network.decoder(head, blockSize: blockSize, codebooks: count)
                    .decode(after: prefix) { $0.argmax(-1) }
                #expect(part.codebooks == count)
                #expect(part.codes.integers == all.narrowed(1, from: 0, count: 5 * count).integers)
                #expect(part.blockTimes.count == (5 * count + blockSize - 1) / blockSize)
            }
        }
    }
}

@Suite("Latency estimates")
struct LatencyEstimateTests {
    @Test("are medians: one slow forward does not matter")
    func median() {
        var latencies = LatencyEstimate()
        latencies.add(block: .seconds(3))  // the first one is slow
        for _ in 0 ..< 2 { latencies.add(block: .milliseconds(2)) }
        latencies.add(detokenization: .milliseconds(1))
        #expect(latencies.time(ofBlocks: 1) == .milliseconds(3))
        #expect(latencies.time(ofBlocks: 3) == .milliseconds(7))
    }

    @Test("are 0 before anything was measured")
    func empty() {
        #expect(LatencyEstimate().time(ofBlocks: 5) == .zero)
    }

    @Test("forget what is long ago")
    func forgetting() {
        var latencies = LatencyEstimate()
        for _ in 0 ..< 100 { latencies.add(block: .seconds(1)) }
        for _ in 0 ..< 31 { latencies.add(block: .milliseconds(1)) }
        #expect(latencies.time(ofBlocks: 1) == .milliseconds(1))
    }
}
