import ActionTokenizers
import RobotTypes
import Testing

@Suite("Values far outside a tokenizer's range")
struct RecordedRangeTests {
    private func tokenizers() throws -> [any ActionTokenizer] {
        let chunks = ActionChunks.smooth(20)
        return [
            try FASTTokenizer(fitting: chunks, normalization: .unit(4)),
            try BEASTTokenizer(fitting: chunks, normalization: .unit(4), controlPoints: 5),
            BinningTokenizer(horizon: 16, normalization: .unit(4)),
        ]
    }

    /// Smooth chunks with `value` in chunk 1, step 2, column 3.
    private func chunks(_ value: Float, validSteps: [Int]? = nil) -> ActionChunks {
        var values = ActionChunks.smooth(3).values
        values[16 * 4 + 2 * 4 + 3] = value
        return ActionChunks(count: 3, horizon: 16, dimension: 4, values: values, validSteps: validSteps)
    }

    @Test("are refused with chunk, step and column", arguments: [5, 10_000, -800, 3.1] as [Float])
    func refused(value: Float) throws {
        for tokenizer in try tokenizers() {
            let error = #expect(throws: ActionTokenizerError.self) {
                try tokenizer.tokens(forRobotUnits: chunks(value))
            }
            #expect(
                error?.description
                    == "chunk 1, step 2, column 3: \(value) is far outside the tokenizer's range, -1.0 ... 1.0; check "
                    + "the units, or clip such values"
            )
        }
    }

    @Test("a little beyond the recorded range is none, nor is what lies behind an episode's end")
    func near() throws {
        for tokenizer in try tokenizers() {
            #expect(try tokenizer.tokens(forRobotUnits: chunks(1.5)).count == 3)
            let padded = chunks(0).padded(by: ActionPadding(isZero: [false, false, false, false]))
            #expect(tokenizer.firstFarValue(in: padded) == nil)
        }
    }

    @Test("a constant column takes other values of its size, and decodes to the constant")
    func constant() {
        var normalization = Normalization.unit(1)
        (normalization.statistics.min, normalization.statistics.max) = ([5], [5])
        let tokenizer = BinningTokenizer(horizon: 1, normalization: normalization)
        func far(_ value: Float) -> Bool {
            tokenizer.firstFarValue(in: ActionChunks(count: 1, horizon: 1, dimension: 1, values: [value]))
                != nil
        }
        #expect(!far(5.2) && !far(0.5) && far(10.5) && far(-0.5))
        (normalization.statistics.min, normalization.statistics.max) = ([5], [5.01])
        let trembling = BinningTokenizer(horizon: 1, normalization: normalization)
        func isFar(_ value: Float) -> Bool {
            trembling.firstFarValue(in: ActionChunks(count: 1, horizon: 1, dimension: 1, values: [value]))
                != nil
        }
        #expect(!isFar(5.05) && isFar(5.2) && isFar(0))
    }

    @Test("are clipped to the recorded range and counted by column")
    func clipped() throws {
        for tokenizer in try tokenizers() {
            let (result, clipped) = try tokenizer.clippedToRange(chunks(10_000))
            #expect(result == chunks(1) && clipped.counts == [0, 0, 0, 1] && clipped.total == 192)
            #expect(
                clipped.description
                    == "1 of 192 values clipped to the tokenizer's range: column 3 1 (up to 10000.0)"
            )
            #expect(try tokenizer.clippedToRange(chunks(-1)).clipped.count == 0)
            #expect(throws: ActionTokenizerError.self) { try tokenizer.clippedToRange(chunks(.nan)) }
        }
    }
}
