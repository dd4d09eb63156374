import Backbones
import Testing
import Torch

@testable import FASTerVLA

@Suite("Decoding before a deadline")
struct DeadlineTests {
    private let tests = BlockDecoderTests()

    /// Costs as if many blocks, and detokenizations, had taken so long.
    private func costs(block: Duration, detokenization: Duration = .zero) -> DecodingCosts {
        var costs = DecodingCosts()
        for _ in 0 ..< 31 {
            costs.add(block: block)
            costs.add(detokenization: detokenization)
        }
        return costs
    }

    /// What is decoded of 3 x 5 codes when `time` is left, and all of them.
    private func decoded(_ blockSize: Int, within time: Duration, _ costs: DecodingCosts) throws -> (
        part: BlockDecoding, all: Tensor
    ) {
        let network = BlockDecoderTests.network(blockSize: nil)
        let head = try #require(network.codeHead)
        return withoutGradients {
            let prefix = network.backbone.prefix(of: tests.input)
            let decoder = BlockDecoder(network, head, blockSize: blockSize, sampling: .greedy)
            var costs = costs
            let part = decoder.decoding(after: prefix, before: ContinuousClock.now + time, costs: &costs)
            return (part, decoder.codes(after: prefix))
        }
    }

    @Test("stops after the first whole codebook when the next one would come too late", arguments: [1, 5, 8])
    func tooLate(blockSize: Int) throws {
        let (part, all) = try decoded(blockSize, within: .seconds(50), costs(block: .seconds(60)))
        #expect(part.codebooks == 1)
        #expect(part.blockTimes.count == [1: 5, 5: 1, 8: 1][blockSize])
        #expect(part.codes.integers == all.narrowed(1, from: 0, count: 5).integers)
    }

    @Test("needs time for every block of a codebook, not only for the next one")
    func wholeCodebooks() throws {
        #expect(try decoded(1, within: .seconds(200), costs(block: .seconds(60))).part.codebooks == 1)
        #expect(try decoded(1, within: .seconds(400), costs(block: .seconds(60))).part.codebooks == 3)
    }

    @Test("keeps time for detokenization")
    func detokenization() throws {
        let costs = costs(block: .milliseconds(1), detokenization: .seconds(60))
        #expect(try decoded(5, within: .seconds(50), costs).part.codebooks == 1)
        #expect(try decoded(5, within: .seconds(120), costs).part.codebooks == 3)
    }

    @Test("gives one codebook also when the deadline is over, or all where they are one block")
    func over() throws {
        #expect(try decoded(5, within: .seconds(-1), DecodingCosts()).part.codebooks == 1)
        #expect(try decoded(15, within: .seconds(-1), DecodingCosts()).part.codebooks == 3)
    }

    @Test("decodes no more codebooks than were asked for, the same as of all", arguments: [1, 5, 7, 15])
    func codebooks(blockSize: Int) throws {
        let network = BlockDecoderTests.network(blockSize: nil)
        let head = try #require(network.codeHead)
        withoutGradients {
            let prefix = network.backbone.prefix(of: tests.input)
            let all = BlockDecoder(network, head, blockSize: blockSize, sampling: .greedy).codes(
                after: prefix
            )
            for count in 1 ... 3 {
                let part = BlockDecoder(
                    network,
                    head,
                    blockSize: blockSize,
                    codebooks: count,
                    sampling: .greedy
                )
                .decoding(after: prefix) { $0.argmax(-1) }
                #expect(part.codebooks == count)
                #expect(part.codes.integers == all.narrowed(1, from: 0, count: 5 * count).integers)
                #expect(part.blockTimes.count == (5 * count + blockSize - 1) / blockSize)
            }
        }
    }
}
