import ActionTokenizers
import RobotTypes
import Testing

@testable import Comparison

@Suite("Comparison results")
struct ComparisonResultTests {
    private func compared() throws -> ComparedChunks {
        ComparedChunks(
            ActionChunks(
                count: 40,
                horizon: 2,
                dimension: 1,
                values: (0 ..< 80).map { Float($0 % 19) / 10 - 0.9 }
            ),
            episodes: (0 ..< 40).map { $0 / 4 },
            normalization: .unit(1),
            columns: ["x"],
            space: try ActionSpace(parsing: "position=0")
        )
    }

    private func results(against bins: Int) throws -> [ComparisonResult] {
        let binning = BinningTokenizer(horizon: 2, normalization: .unit(1), binCount: bins)
        return try ComparisonRun(
            name: "toy",
            isHeldOut: false,
            candidates: [
                Candidate(curve: "own", tokenizers: [RoundingTokenizer()]),
                Candidate(curve: "binning", tokenizers: [binning]),
            ],
            on: compared(),
            seed: 1
        ).result.results
    }

    @Test("compare the operating point with the most bits within the limit, and name the better one")
    func better() throws {
        // Two values in one of 512 bins take 18 bits: two codebooks of 21 entries take 17.6, and make no error here.
        let result = try #require(try results(against: 512).first)
        #expect(
            (result.curve, result.operatingPoint, result.other) == ("own", "own (2 codebooks)", "binning")
        )
        #expect(result.measures.map(\.measure) == [.l1, .vrr005, .vrr01])
        #expect(result.measures.map(\.outcome) == [.better, .undecided, .undecided])
        #expect(
            result.sentence
                == "own (2 codebooks) with 17.6 bits, beside binning with 18 bits: better in L1; undecided in VRR(0.05) "
                + "and VRR(0.1)."
        )
    }

    @Test("name a loss")
    func worse() throws {
        // One of 64 bins: 12 bits, where only one coarse codebook can be paid.
        let result = try #require(try results(against: 64).first)
        #expect(result.operatingPoint == "own (1 codebook)")
        #expect(result.measures.map(\.outcome) == [.worse, .worse, .worse])
        #expect(result.sentence.hasSuffix(": worse in L1, VRR(0.05) and VRR(0.1)."))
    }

    @Test("say so when every operating point needs more bits")
    func none() throws {
        let all = try results(against: 4)
        #expect(all.map(\.curve) == ["own", "own", "own"])
        #expect(all.map(\.budget) == [.meanBits, .maximumBits, .meanTokens])
        #expect(all.prefix(2).allSatisfy { $0.operatingPoint == nil && $0.measures.isEmpty })
        #expect(all[0].sentence == "own has no operating point of 4 bits or fewer to compare with binning.")
        #expect(all[1].sentence == "own has no operating point of at most 4 bits to compare with binning.")
    }

    @Test("compare at equal or fewer tokens, too, whatever their number of bits")
    func tokens() throws {
        // A token of one of 4 bins for each of two steps, as one of 21 entries.
        let result = try #require(try results(against: 4).last)
        #expect((result.budget, result.operatingPoint) == (.meanTokens, "own (1 codebook)"))
        #expect((result.size, result.otherSize) == (2, 2))
        #expect(result.sentence.hasPrefix("own (1 codebook) with 2 tokens, beside binning with 2 tokens: "))
    }
}
