import ActionTokenizers
import RobotTypes
import Testing

@testable import Comparison

@Suite("Verdicts")
struct VerdictTests {
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

    private func verdicts(against bins: Int) throws -> [Verdict] {
        let binning = BinningTokenizer(horizon: 2, normalization: .unit(1), binCount: bins)
        return try ComparisonRun(
            name: "toy",
            isHeldOut: false,
            entrants: [
                Entrant(line: "own", tokenizers: [RoundingTokenizer()]),
                Entrant(line: "binning", tokenizers: [binning]),
            ],
            on: compared(),
            seed: 1
        ).result.verdicts
    }

    @Test("compare the rate with the most bits that spends no more, and say plainly who wins")
    func better() throws {
        // Two values in one of 512 bins take 18 bits: two codebooks of 21 entries take 17.6, and make no error here.
        let verdict = try #require(try verdicts(against: 512).first)
        #expect((verdict.line, verdict.rate, verdict.other) == ("own", "own (2 codebooks)", "binning"))
        #expect(verdict.comparisons.map(\.measure) == [.l1, .vrr005, .vrr01])
        #expect(verdict.comparisons.map(\.outcome) == [.better, .undecided, .undecided])
        #expect(
            verdict.sentence
                == "own (2 codebooks) with 17.6 bits, beside binning with 18 bits: better in L1; not told apart in VRR(0.05) "
                + "and VRR(0.1)."
        )
    }

    @Test("a loss is called one")
    func worse() throws {
        // One of 64 bins: 12 bits, where only one coarse codebook can be paid.
        let verdict = try #require(try verdicts(against: 64).first)
        #expect(verdict.rate == "own (1 codebook)")
        #expect(verdict.comparisons.map(\.outcome) == [.worse, .worse, .worse])
        #expect(verdict.sentence.hasSuffix(": worse in L1, VRR(0.05) and VRR(0.1)."))
    }

    @Test("where every rate costs more, there is nothing to compare, and that is said")
    func none() throws {
        let all = try verdicts(against: 4)
        #expect(all.map(\.line) == ["own", "own"])
        #expect(all.map(\.budget) == [.mean, .maximum])
        #expect(all.allSatisfy { $0.rate == nil && $0.comparisons.isEmpty })
        #expect(all[0].sentence == "own has no rate of 4 bits or fewer to compare with binning.")
        #expect(all[1].sentence == "own has no rate of at most 4 bits to compare with binning.")
    }
}
