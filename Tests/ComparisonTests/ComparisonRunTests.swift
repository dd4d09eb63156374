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

    private func run(_ candidates: [Candidate], on chunks: ComparedChunks? = nil) throws -> ComparisonRun {
        try ComparisonRun(
            name: "toy",
            isHeldOut: false,
            candidates: candidates,
            on: chunks ?? compared(),
            seed: 1
        )
    }

    private var own: Candidate { Candidate(curve: "own", tokenizers: [RoundingTokenizer()]) }

    @Test("every number of codebooks is an operating point, on curves by increasing bits")
    func rates() throws {
        let coarse = Candidate(curve: "binning", pointLabel: "bins=4", tokenizers: [binning(4)])
        let fine = Candidate(curve: "binning", tokenizers: [binning(256)])
        let result = try run([own, fine, coarse]).result
        #expect(
            result.operatingPoints.map(\.name)
                == [
                    "own (1 codebook)", "own (2 codebooks)", "own (3 codebooks)", "binning (bins=4)",
                    "binning",
                ]
        )
        #expect(
            result.operatingPoints.indices.filter { result.operatingPoints[$0].isFullTokenizer } == [2, 3, 4]
        )
        #expect(result.operatingPoints[0 ..< 3].map(\.tokensPerChunk.mean) == [2, 4, 6])
        #expect((result.episodes, result.chunks, result.horizon) == (6, 24, 2))
        #expect((result.columns, result.groups) == (["x"], ["position"]))
        for point in result.operatingPoints {
            #expect(point.l1.interval.low <= point.l1.value && point.l1.value <= point.l1.interval.high)
            #expect(point.bitsPerChunk.mean <= point.bitsPerChunk.max)
            #expect(point.tail.quantiles.last?.fraction == 1)
        }
        // More codebooks, less error.
        #expect(result.operatingPoints[0].l1.value > result.operatingPoints[1].l1.value)
        #expect(result.operatingPoints[1].l1.value > result.operatingPoints[2].l1.value)
    }

    @Test("chunks that end early are one operating point, of as many tokens and forwards as they need")
    func earlyEnd() throws {
        let early = Candidate(
            curve: "own",
            pointLabel: "early-end=0.2",
            tokenizers: [RoundingTokenizer()],
            earlyEnd: 0.2
        )
        let points = try run([early, own]).result.operatingPoints
        #expect(points.map(\.name).filter { $0.contains("early") } == ["own (early-end=0.2)"])
        let point = try #require(points.first { $0.name == "own (early-end=0.2)" })
        // Rounded to whole numbers, some of these chunks are within 0.2; rounded to tenths, all others.
        let values = try compared().chunks.values
        let fine = (0 ..< 24).count { chunk in
            values[2 * chunk ..< 2 * chunk + 2].contains { abs($0 - $0.rounded()) > 0.2 }
        }
        #expect(fine > 0 && fine < 24)
        #expect(abs(point.tokensPerChunk.mean - Double(2 * 24 + 2 * fine) / 24) < 1e-9)
        #expect(point.tokensPerChunk.max == 4)
        #expect(abs(point.forwardsPerChunk.mean - point.tokensPerChunk.mean / 2) < 1e-9)
        #expect(point.isFullTokenizer && point.tail.worstPeak <= 0.2)
        let whole = points.filter { $0.name != point.name }
        #expect(whole.map(\.forwardsPerChunk.mean) == [1, 2, 3])
        #expect(point.l1.value < whole[0].l1.value && point.l1.value > whole[1].l1.value)
        let binning = Candidate(curve: "binning", tokenizers: [binning(4)], earlyEnd: 0.2)
        let error = #expect(throws: ActionTokenizerError.self) { try run([binning]) }
        #expect(
            error?.description.contains("cannot end chunks early: expected a grid of two codebooks") == true
        )
    }

    @Test("numbers are those of an evaluation, and of the tokenizers of the operating points")
    func numbers() throws {
        let chunks = try compared()
        let result = try run([own, Candidate(curve: "binning", tokenizers: [binning(16)])]).result
        let tokenizers: [any ActionTokenizer] =
            (1 ... 3).map { RoundingTokenizer().keeping(codebooks: $0) } + [binning(16)]
        for (point, tokenizer) in zip(result.operatingPoints, tokenizers) {
            let metrics = try TokenizerEvaluation(tokenizer, on: chunks.chunks, timedCalls: 1).metrics
            #expect(abs(point.l1.value - metrics.l1) < 1e-9, "\(point.name)")
            #expect(abs(point.mse.value - metrics.mse) < 1e-9)
            #expect(abs(point.columnErrors[0] - metrics.l1) < 1e-9)
            #expect(abs(point.bitsPerChunk.mean - metrics.bitsPerChunk.mean) < 1e-9)
            #expect(point.tokensPerChunk.max == metrics.tokensPerChunk.max)
            for (tolerance, fraction) in metrics.vrr.maxAbsolute {
                #expect(abs((point.vrr.maxAbsolute[tolerance]?.value ?? .nan) - fraction) < 1e-9)
            }
            for (tolerance, fraction) in metrics.vrr.l2 {
                #expect(abs((point.vrr.l2[tolerance]?.value ?? .nan) - fraction) < 1e-9)
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
            try run([own], on: damaged).result.operatingPoints.prefix(3).map(\.l1)
                == clean.operatingPoints.prefix(3).map(\.l1)
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
        let (original, scaled) = (
            try run([own]).result.operatingPoints[2], try run([own], on: half).result.operatingPoints[2]
        )
        #expect(abs(scaled.l1.value - 2 * original.l1.value) < 1e-6)
        #expect(abs(scaled.columnErrors[0] - original.columnErrors[0]) < 1e-9)
    }

    @Test("trainings that differ in their seed are one candidate, with the spread of their means")
    func seeds() throws {
        let candidate = Candidate(curve: "bins", tokenizers: [binning(16), binning(32), binning(24)])
        let point = try #require(try run([candidate]).result.operatingPoints.first)
        let single = try [16, 32, 24].map { bins in
            try run([Candidate(curve: "bins", tokenizers: [binning(bins)])]).result.operatingPoints[0].l1
                .value
        }
        #expect(point.seeds == 3)
        #expect(abs(point.l1.value - single.reduce(0, +) / 3) < 1e-9)
        let expected = try #require(ConfidenceInterval(meanOf: single))
        let found = try #require(point.l1.seedInterval)
        #expect(abs(found.low - expected.low) < 1e-9 && abs(found.high - expected.high) < 1e-9)
        // The trainings differ, so their mean is less certain than over episodes alone.
        let alone = try run([Candidate(curve: "bins", tokenizers: [binning(24)])]).result.operatingPoints[0]
        let widths = [point, alone].map { $0.l1.interval.high - $0.l1.interval.low }
        #expect(widths[0] > widths[1])
        let mixed = Candidate(curve: "mixed", tokenizers: [binning(16), RoundingTokenizer()])
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
                "name", "held_out", "episodes", "chunks", "horizon", "columns", "groups", "operating_points",
                "results",
            ]
        )
    }

    @Test("times are those of the full tokenizers")
    func times() throws {
        var run = try run([own, Candidate(curve: "binning", tokenizers: [binning(16)])])
        #expect(run.result.operatingPoints.allSatisfy { $0.encodeMicroseconds == nil })
        try run.measureTimes(calls: 3)
        for point in run.result.operatingPoints {
            #expect((point.encodeMicroseconds != nil) == point.isFullTokenizer)
        }
    }

    @Test("examples hold the worst chunks, as every candidate reconstructs them")
    func examples() throws {
        let run = try run([Candidate(curve: "binning", tokenizers: [binning(4)]), own])
        let peaks = run.examples.map { example in
            example.versions.first { $0.name == "own (3 codebooks)" }?.peak ?? .nan
        }
        #expect(run.examples.count == 4)
        #expect(run.examples[2].title == "The worst chunk of own (3 codebooks)")
        #expect(run.examples[3].title == "The worst chunk of binning")
        let full = run.result.operatingPoints.first { $0.name == "own (3 codebooks)" }
        #expect(peaks[2] == full?.tail.quantiles.last?.error)
        #expect(run.examples.allSatisfy { $0.versions.count == 2 && $0.original.count == 1 })
    }
}
