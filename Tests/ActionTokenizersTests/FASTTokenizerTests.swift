import Foundation
import RobotTypes
import Support
import Testing

@testable import ActionTokenizers

@Suite("FAST")
struct FASTTokenizerTests {
    private let fast: FASTTokenizer
    private let heldOut = ActionChunks.smooth(50, seed: 2)

    init() throws {
        fast = try FASTTokenizer(fitting: .smooth(400), normalization: .unit(4), vocabularySize: 512)
    }

    private func coefficients(_ chunks: ActionChunks) -> [[Int]] {
        FASTTokenizer.coefficients(of: chunks, scale: 10, DiscreteCosineTransform(length: 16))
    }

    @Test("loses nothing but the rounding of coefficients")
    func coefficientLevel() throws {
        let tokens = try fast.tokens(for: heldOut)
        let back = try fast.unclippedChunks(for: tokens)
        let smallest = fast.configuration.smallestCoefficient
        let range = smallest ... smallest + fast.encoding.alphabetSize - 1
        let expected = coefficients(heldOut).map {
            $0.map { min(range.upperBound, max(range.lowerBound, $0)) }
        }
        #expect(coefficients(back) == expected)
        #expect(try fast.tokens(for: back) == tokens)
    }

    @Test("decodes any tokens that a policy samples: missing coefficients are 0, surplus ones are dropped")
    func sampled() throws {
        let tokens = try fast.tokens(for: heldOut)
        let whole = try fast.chunks(for: tokens)
        #expect(try fast.chunks(forSampled: tokens) == whole)
        #expect(try fast.chunks(forSampled: tokens.map { $0 + $0 }) == whole)
        let cut = coefficients(
            try fast.unclippedChunks(forSampled: tokens.map { Array($0.prefix(3)) })
        )
        for (found, all) in zip(cut, coefficients(try fast.unclippedChunks(for: tokens))) {
            let kept = zip(found, all).prefix { $0 == $1 }.count
            #expect(kept >= 3 && found[kept...].allSatisfy { $0 == 0 })
        }
        #expect(try fast.chunks(forSampled: [[]]).values.allSatisfy { abs($0) < 1e-6 })
        #expect(throws: ActionTokenizerError.self) { try fast.chunks(forSampled: [[512]]) }
    }

    @Test("gives smooth motions back closely, in far fewer tokens than values")
    func smooth() throws {
        let metrics = try TokenizerEvaluation(fast, on: heldOut, timedCalls: 2).metrics
        #expect(metrics.l1 < 0.02)
        #expect(metrics.vrr.maxAbsolute["0.1"] == 1)
        #expect(metrics.compressionRatio > 4)
        #expect(fast.codebookSizes == [512])
        #expect(abs(metrics.bitsPerChunk.mean - metrics.tokensPerChunk.mean * 9) < 1e-9)
    }

    @Test("refuses token sequences that do not make a chunk, naming it")
    func malformed() throws {
        let good = try fast.tokens(for: heldOut[0 ..< 1])[0]
        func message(_ tokens: [[Int]]) -> String? {
            #expect(throws: ActionTokenizerError.self) { try fast.chunks(for: tokens) }?.description
        }
        #expect(
            message([good, good + [0]])?.hasPrefix("chunk 1: the \(good.count + 1) tokens stand for 65")
                == true
        )
        #expect(message([[]]) == "chunk 0: the 0 tokens stand for 0 coefficients, expected 64")
        #expect(message([Array(good.dropLast())])?.hasPrefix("chunk 0: ") == true)
        #expect(message([good, [512]]) == "chunk 1: token 0: expected 0 ..< 512, found 512")
        #expect(message([[-1]]) == "chunk 0: token 0: expected 0 ..< 512, found -1")
        #expect(message([[Int.max, Int.min]]) != nil)
    }

    @Test(
        "clips outliers of training data that its vocabulary has no room for, and says which it cannot encode"
    )
    func outliers() throws {
        var chunks = ActionChunks.smooth(400)
        let plain = try FASTTokenizer(fitting: chunks, normalization: .unit(4), vocabularySize: 512)
        #expect(plain.configuration.limit == nil && plain.normalizedLimit == nil)
        // A spike of 398 times the quantiles' range, as a real arm's measured velocities have.
        chunks.values[7 * 64 + 5 * 4 + 2] = 398
        var normalization = Normalization.unit(4)
        normalization.statistics.max[2] = 398
        let clipped = try FASTTokenizer(
            fitting: chunks,
            normalization: normalization,
            vocabularySize: 512
        )
        #expect(clipped.normalizedLimit == 3 && clipped.codebookSizes == [512])
        let (tokens, back) = (try clipped.tokens(for: heldOut), try plain.tokens(for: heldOut))
        // Room for merges is left.
        #expect(tokens.joined().count < 2 * back.joined().count)
        let spike = try clipped.chunks(for: clipped.tokens(for: chunks[7 ..< 8]))
        #expect(abs(spike.values[5 * 4 + 2] - 3) < 0.2)
        let refusal = #expect(throws: ActionTokenizerError.self) {
            try clipped.tokens(forRobotUnits: chunks)
        }
        #expect(
            refusal?.description.hasPrefix(
                "chunk 7, step 5, column 2: 398.0 is far outside the tokenizer's range, -1.0 ... 3.0"
            ) == true
        )
        let (within, counts) = try clipped.clippedToRange(chunks)
        #expect(counts.counts == [0, 0, 1, 0] && counts.furthest[2] == 398)
        #expect(try clipped.tokens(forRobotUnits: within) == clipped.tokens(for: chunks))
    }

    @Test("moves coefficients outside the fitted range to its nearer end, however far they are")
    func clamping() throws {
        var chunks = heldOut[0 ..< 2]
        chunks.values = chunks.values.indices.map { $0 < 64 ? 3e38 : -3e38 }
        let tokens = try fast.tokens(for: chunks)
        let back = coefficients(try fast.unclippedChunks(for: tokens))
        let smallest = fast.configuration.smallestCoefficient
        #expect(back[0][0] == smallest + fast.encoding.alphabetSize - 1)
        #expect(back[1][0] == smallest)
        // Callers get them within the recorded range.
        #expect(try fast.chunks(for: tokens).values.allSatisfy { abs($0) <= 1 })
    }

    @Test("names chunk, step and column of a value that is not finite")
    func notFinite() throws {
        for value in [Float.nan, .infinity, -.infinity] {
            var chunks = heldOut
            chunks.values[2 * 64 + 5 * 4 + 3] = value
            let expected = ActionTokenizerError("chunk 2, step 5, column 3: \(value) is not finite")
            #expect(throws: expected) { try fast.tokens(for: chunks) }
            #expect(throws: expected) { try fast.tokens(forRobotUnits: chunks) }
            #expect(throws: expected) { try FASTTokenizer(fitting: chunks, normalization: .unit(4)) }
            #expect(throws: expected) { try TokenizerEvaluation(fast, on: chunks) }
        }
    }

    @Test("refuses chunks of another shape")
    func otherShape() {
        #expect(throws: ActionTokenizerError("actions: expected [n, 16, 4], found [n, 16, 7]")) {
            try fast.tokens(for: .smooth(1, columns: 7))
        }
        #expect(throws: ActionTokenizerError("actions: expected [n, 16, 4], found [n, 8, 4]")) {
            try fast.tokens(forRobotUnits: .smooth(1, horizon: 8))
        }
    }

    @Test("cannot be fitted to nothing, nor with a scale, vocabulary or normalization that does not fit")
    func unfit() {
        func fit(_ chunks: ActionChunks, scale: Float = 10, vocabularySize: Int = 1024, columns: Int = 4)
            throws
        {
            _ = try FASTTokenizer(
                fitting: chunks,
                normalization: .unit(columns),
                scale: scale,
                vocabularySize: vocabularySize
            )
        }
        #expect(throws: ActionTokenizerError.self) { try fit(.smooth(0)) }
        #expect(throws: InvalidValue.self) { try fit(.smooth(9), scale: 0) }
        #expect(throws: InvalidValue.self) { try fit(.smooth(9), scale: .nan) }
        #expect(throws: ActionTokenizerError.self) { try fit(.smooth(9), vocabularySize: 20) }
        #expect(throws: ActionTokenizerError.self) { try fit(.smooth(9), vocabularySize: -5) }
        #expect(throws: InvalidValue.self) { try fit(.smooth(9), columns: 3) }
    }

    @Test("works in the robot's units, too")
    func robotUnits() throws {
        var normalization = Normalization.unit(4)
        normalization.statistics.q01 = [-2, 0, -1, 0]
        normalization.statistics.q99 = [2, 10, 1, 1]
        normalization.statistics.min = normalization.statistics.q01
        normalization.statistics.max = normalization.statistics.q99
        let normalized = ActionChunks.smooth(50)
        let fast = try FASTTokenizer(fitting: normalized, normalization: normalization)
        let actions = fast.restored(normalized)
        let tokens = try fast.tokens(forRobotUnits: actions)
        #expect(try fast.robotUnits(for: tokens) == fast.restored(fast.chunks(for: tokens)))
        let back = try fast.robotUnits(for: tokens)
        for (index, value) in actions.values.enumerated() where index % 4 == 1 {
            #expect(abs(back.values[index] - value) < 1)
        }
    }
}
