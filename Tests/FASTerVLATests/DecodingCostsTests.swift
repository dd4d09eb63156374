import Testing

@testable import FASTerVLA

@Suite("Decoding costs")
struct DecodingCostsTests {
    @Test("foresee what is usual, not what happened once")
    func median() {
        var costs = DecodingCosts()
        costs.add(block: .seconds(3))  // the first one is slow
        for _ in 0 ..< 2 { costs.add(block: .milliseconds(2)) }
        costs.add(detokenization: .milliseconds(1))
        #expect(costs.foreseen(blocks: 1) == .milliseconds(3))
        #expect(costs.foreseen(blocks: 3) == .milliseconds(7))
    }

    @Test("foresee nothing of what was never done")
    func empty() {
        #expect(DecodingCosts().foreseen(blocks: 5) == .zero)
    }

    @Test("forget what is long ago")
    func forgetting() {
        var costs = DecodingCosts()
        for _ in 0 ..< 100 { costs.add(block: .seconds(1)) }
        for _ in 0 ..< 31 { costs.add(block: .milliseconds(1)) }
        #expect(costs.foreseen(blocks: 1) == .milliseconds(1))
    }
}
