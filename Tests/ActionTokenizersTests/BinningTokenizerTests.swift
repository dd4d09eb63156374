import RobotTypes
import Testing

@testable import ActionTokenizers

@Suite("Binning")
struct BinningTokenizerTests {
    private let binning = BinningTokenizer(horizon: 16, normalization: .unit(4))

    @Test("is at most half a bin off inside the quantiles")
    func bound() throws {
        let chunks = ActionChunks.smooth(40)
        let tokens = try binning.tokens(for: chunks)
        #expect(tokens.allSatisfy { $0.count == 64 })
        let back = try binning.chunks(for: tokens)
        for (one, other) in zip(chunks.values, back.values) { #expect(abs(one - other) <= 1 / 256 + 1e-6) }
        #expect(try binning.tokens(for: back) == tokens)
    }

    @Test("puts values into even bins, those outside into the outer ones")
    func bins() throws {
        let tokenizer = BinningTokenizer(horizon: 4, normalization: .unit(2), binCount: 4)
        let chunk = ActionChunks(
            count: 1,
            horizon: 4,
            dimension: 2,
            values: [-1, -0.51, -0.5, 0, 0.49, 1, 3e38, -3e38]
        )
        let tokens = try tokenizer.tokens(for: chunk)
        #expect(tokens == [[0, 0, 1, 2, 2, 3, 3, 0]])
        let centres: [Float] = [-0.75, -0.75, -0.25, 0.25, 0.25, 0.75, 0.75, -0.75]
        #expect(try tokenizer.chunks(for: tokens).values == centres)
    }

    @Test("puts a bin about what never moves", arguments: [1, 4, 5, 256])
    func withoutRoom(count: Int) {
        let bins = EvenBins([(low: 3, high: 3)], count: count)
        #expect(abs(bins.centre(of: bins.bin(of: 3, column: 0), column: 0) - 3) < 1e-9)
    }

    @Test("puts the bins between the quantiles whatever the normalization")
    func meanAndDeviation() throws {
        var normalization = Normalization.unit(2, method: .meanStandardDeviation)
        normalization.statistics.mean = [10, 3]
        normalization.statistics.std = [2, 0]
        (normalization.statistics.q01, normalization.statistics.q99) = ([6, 3], [16, 3])
        (normalization.statistics.min, normalization.statistics.max) = ([0, 3], [20, 3])
        let tokenizer = BinningTokenizer(horizon: 1, normalization: normalization, binCount: 10)
        let actions = ActionChunks(count: 3, horizon: 1, dimension: 2, values: [6.1, 3, 15.9, 3, 20, 3])
        let tokens = try tokenizer.tokens(forRobotUnits: actions)
        #expect(tokens.map { $0[0] } == [0, 9, 9])
        let back = try tokenizer.robotUnits(for: tokens).values
        for (one, other) in zip(back, [6.5, 3, 15.5, 3, 15.5, 3]) { #expect(abs(one - Float(other)) < 1e-5) }
    }

    @Test("uniform, puts the bins between the smallest and the largest value")
    func uniform() throws {
        var normalization = Normalization.unit(2)
        (normalization.statistics.min, normalization.statistics.max) = ([-3, 1], [5, 1])
        let tokenizer = BinningTokenizer(
            horizon: 1,
            normalization: normalization,
            bounds: .range,
            binCount: 8
        )
        #expect(tokenizer.name == "binning-uniform")
        let actions = ActionChunks(count: 3, horizon: 1, dimension: 2, values: [-3, 1, 4.9, 1, 9, 1])
        let tokens = try tokenizer.tokens(forRobotUnits: actions)
        #expect(tokens.map { $0[0] } == [0, 7, 7])
        let back = try tokenizer.robotUnits(for: tokens).values
        for (one, other) in zip(back, [-2.5, 1, 4.5, 1, 4.5, 1]) { #expect(abs(one - Float(other)) < 0.2) }
    }

    @Test("refuses token sequences of another length and tokens that are no bins")
    func malformed() {
        let good = Array(repeating: 0, count: 64)
        #expect(throws: ActionTokenizerError("chunk 1: expected 64 tokens, found 63")) {
            try binning.chunks(for: [good, Array(good.dropLast())])
        }
        #expect(throws: ActionTokenizerError("chunk 0: token 63: expected 0 ..< 256, found 256")) {
            try binning.chunks(for: [good.dropLast() + [256]])
        }
    }
}
