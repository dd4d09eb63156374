import ActionTokenizers
import Evaluation
import Foundation
import RobotTypes
import Testing

@testable import Comparison

@Suite("Tokenizers compared")
struct ComparisonRunTests {
    /// Six episodes of four chunks of two steps; the values do not lie on any grid.
    private func compared(validSteps: [Int]? = nil) throws -> ComparedChunks {
        let values = (0 ..< 48).map { Float(sin(Double($0) * 1.7) * 0.9) }
        return ComparedChunks(
            ActionChunks(count: 24, horizon: 2, dimension: 1, values: values, validSteps: validSteps),
            episodes: (0 ..< 24).map { $0 / 4 },
            normalization: .unit(1),
            columns: ["x"],
            space: try ActionSpace(parsing: "position=0")
        )
    }

    private func binning(_ bins: Int) -> BinningTokenizer {
        BinningTokenizer(horizon: 2, normalization: .unit(1), binCount: bins)
    }

    private func run(_ entrants: [Entrant], on chunks: ComparedChunks? = nil) throws -> ComparisonRun {
        try ComparisonRun(
            name: "toy",
            isHeldOut: false,
            entrants: entrants,
            on: chunks ?? compared(),
            seed: 1
        )
    }

    private var own: Entrant { Entrant(line: "own", tokenizers: [RoundingTokenizer()]) }

    @Test("every number of codebooks is a rate, on lines by rising bits")
    func rates() throws {
        let coarse = Entrant(line: "binning", label: "bins=4", tokenizers: [binning(4)])
        let fine = Entrant(line: "binning", tokenizers: [binning(256)])
        let result = try run([own, fine, coarse]).result
        #expect(
            result.rates.map(\.name)
                == [
                    "own (1 codebook)", "own (2 codebooks)", "own (3 codebooks)", "binning (bins=4)",
                    "binning",
                ]
        )
        #expect(result.rates.indices.filter { result.rates[$0].isWhole } == [2, 3, 4])
        #expect(result.rates[0 ..< 3].map(\.tokensPerChunk.mean) == [2, 4, 6])
        #expect((result.episodes, result.chunks, result.horizon) == (6, 24, 2))
        #expect((result.columns, result.groups) == (["x"], ["position"]))
        for rate in result.rates {
            #expect(rate.l1.interval.low <= rate.l1.value && rate.l1.value <= rate.l1.interval.high)
            #expect(rate.bitsPerChunk.mean <= rate.bitsPerChunk.max)
            #expect(rate.tail.quantiles.last?.share == 1)
        }
        // More codebooks, less error.
        #expect(result.rates[0].l1.value > result.rates[1].l1.value)
        #expect(result.rates[1].l1.value > result.rates[2].l1.value)
    }

    @Test("numbers are those of an evaluation, and of the tokenizers that the rates stand for")
    func numbers() throws {
        let chunks = try compared()
        let result = try run([own, Entrant(line: "binning", tokenizers: [binning(16)])]).result
        let tokenizers: [any ActionTokenizer] =
            (1 ... 3).map { RoundingTokenizer().keeping(codebooks: $0) } + [binning(16)]
        for (rate, tokenizer) in zip(result.rates, tokenizers) {
            let metrics = try TokenizerEvaluation(tokenizer, on: chunks.chunks, timedCalls: 1).metrics
            #expect(abs(rate.l1.value - metrics.l1) < 1e-9, "\(rate.name)")
            #expect(abs(rate.mse.value - metrics.mse) < 1e-9)
            #expect(abs(rate.columnErrors[0] - metrics.l1) < 1e-9)
            #expect(abs(rate.bitsPerChunk.mean - metrics.bitsPerChunk.mean) < 1e-9)
            #expect(rate.tokensPerChunk.max == metrics.tokensPerChunk.max)
            for (tolerance, share) in metrics.vrr.maxAbsolute {
                #expect(abs((rate.vrr.maxAbsolute[tolerance]?.value ?? .nan) - share) < 1e-9)
            }
            for (tolerance, share) in metrics.vrr.l2 {
                #expect(abs((rate.vrr.l2[tolerance]?.value ?? .nan) - share) < 1e-9)
            }
        }
    }

    @Test("steps beyond an episode's end count nowhere")
    func padding() throws {
        let valid = (0 ..< 24).map { $0 % 4 == 3 ? 1 : 2 }
        var damaged = try compared(validSteps: valid)
        let clean = try run([own], on: damaged).result
        var chunks = damaged.chunks
        for chunk in 0 ..< 24 where valid[chunk] == 1 { chunks.values[chunk * 2 + 1] = 0.777 }
        damaged = ComparedChunks(
            chunks,
            episodes: damaged.episodes,
            normalization: damaged.normalization,
            columns: damaged.columns,
            space: damaged.space
        )
        #expect(
            try run([own], on: damaged).result.rates.prefix(3).map(\.l1) == clean.rates.prefix(3).map(\.l1)
        )
    }

    @Test("errors are measured in the comparison's units, and by column in the robot's")
    func units() throws {
        let chunks = try compared()
        var statistics = Normalization.unit(1).statistics
        (statistics.q01, statistics.q99) = ([-0.5], [0.5])
        let half = ComparedChunks(
            chunks.chunks,
            episodes: chunks.episodes,
            normalization: Normalization(method: .quantiles, statistics: statistics),
            columns: ["x"],
            space: chunks.space
        )
        let (whole, scaled) = (try run([own]).result.rates[2], try run([own], on: half).result.rates[2])
        #expect(abs(scaled.l1.value - 2 * whole.l1.value) < 1e-6)
        #expect(abs(scaled.columnErrors[0] - whole.columnErrors[0]) < 1e-9)
    }

    @Test("trainings that differ in their seed are one entrant, with the spread of their means")
    func seeds() throws {
        let entrant = Entrant(line: "bins", tokenizers: [binning(16), binning(32), binning(24)])
        let rate = try #require(try run([entrant]).result.rates.first)
        let single = try [16, 32, 24].map { bins in
            try run([Entrant(line: "bins", tokenizers: [binning(bins)])]).result.rates[0].l1.value
        }
        #expect(rate.seeds == 3)
        #expect(abs(rate.l1.value - single.reduce(0, +) / 3) < 1e-9)
        let expected = try #require(ConfidenceInterval(meanOf: single))
        let found = try #require(rate.l1.seedInterval)
        #expect(abs(found.low - expected.low) < 1e-9 && abs(found.high - expected.high) < 1e-9)
        #expect(rate.l1.shownInterval == found)
        let mixed = Entrant(line: "mixed", tokenizers: [binning(16), RoundingTokenizer()])
        #expect(throws: ActionTokenizerError.self) { try run([mixed]) }
    }

    @Test("is the same for the same seed, and written with the promised keys")
    func repeatable() throws {
        let first = try run([own]).result
        #expect(try run([own]).result == first)
        let data = try JSONEncoder().encode(first)
        #expect(try JSONDecoder().decode(DatasetComparison.self, from: data) == first)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(
            Set(object.keys) == [
                "name", "held_out", "episodes", "chunks", "horizon", "columns", "groups", "rates", "verdicts",
            ]
        )
    }

    @Test("times are those of the whole tokenizers")
    func times() throws {
        var run = try run([own, Entrant(line: "binning", tokenizers: [binning(16)])])
        #expect(run.result.rates.allSatisfy { $0.encodeMicroseconds == nil })
        try run.measureTimes(calls: 3)
        for rate in run.result.rates { #expect((rate.encodeMicroseconds != nil) == rate.isWhole) }
    }

    @Test("examples hold the worst chunks, as every line gives them back")
    func examples() throws {
        let run = try run([Entrant(line: "binning", tokenizers: [binning(4)]), own])
        let peaks = run.examples.map { example in
            example.versions.first { $0.name == "own (3 codebooks)" }?.peak ?? .nan
        }
        #expect(run.examples.count == 4)
        #expect(run.examples[2].title == "The worst chunk of own (3 codebooks)")
        #expect(run.examples[3].title == "The worst chunk of binning")
        let whole = run.result.rates.first { $0.name == "own (3 codebooks)" }
        #expect(peaks[2] == whole?.tail.quantiles.last?.error)
        #expect(run.examples.allSatisfy { $0.versions.count == 2 && $0.original.count == 1 })
    }
}
