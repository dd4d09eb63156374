import ActionTokenizers
import LearnedBaselines
import RobotTypes
import Support
import Testing
import Torch

@Suite("OAT")
struct OATNetworkTests {
    private let tokenizer: LearnedTokenizer<OATNetwork> = LearnedBaselinesTests.tokenizer(.small)

    @Test("decodes every beginning of a list of codes, whatever would have followed")
    func prefixes() throws {
        let tokens = try tokenizer.tokens(for: .walks(5))
        for length in 1 ... 4 {
            let back = try tokenizer.chunks(for: tokens.map { Array($0.prefix(length)) })
            #expect(back.values.count == 5 * chunkSteps * chunkColumns)
            #expect(back.values.allSatisfy { $0.isFinite })
        }
        // Lists of different lengths in one call are those decoded alone.
        let mixed = tokens.enumerated().map { Array($1.prefix(1 + $0 % 4)) }
        let together = try tokenizer.chunks(for: mixed)
        for (row, list) in mixed.enumerated() {
            let alone = try tokenizer.chunks(for: [list])
            for (one, other) in zip(alone.values, together[row].values) { #expect(abs(one - other) < 1e-5) }
        }
        #expect(throws: ActionTokenizerError("chunk 0: expected 1 to 4 tokens, found 0")) {
            try tokenizer.chunks(for: [[]])
        }
    }

    @Test("orders its registers: later codes do not reach earlier ones, and say something themselves")
    func order() throws {
        let tokens = try tokenizer.tokens(for: .walks(1))
        let short = try tokenizer.chunks(for: [Array(tokens[0].prefix(2))])
        let whole = try tokenizer.chunks(for: tokens)
        #expect(short != whole)
        var other = tokens
        other[0][3] = (other[0][3] + 1) % 36
        #expect(try tokenizer.chunks(for: other) != whole)
        #expect(try tokenizer.chunks(for: [Array(other[0].prefix(2))]) == short)
    }

    @Test("has no more codes than can be counted one by one")
    func alphabet() throws {
        var configuration = OATNetwork.Configuration()
        configuration.levels = [64, 64, 64, 4]
        try configuration.validate()
        for levels in [[64, 64, 64, 5], [Int](repeating: 64, count: 6), [Int](repeating: 64, count: 20)] {
            configuration.levels = levels
            let expected = "a list of at most 6 numbers whose product is at most 1048576"
            #expect(throws: InvalidValue("levels", expected: expected, found: levels)) {
                try configuration.validate()
            }
        }
    }

    @Test("hides the same registers again after the same seed, and others after another")
    func nestedDropout() {
        let actions = ActionChunks.walks(32).tensor
        func found(_ seed: UInt64) -> [Float] {
            Torch.seed(seed)
            return withoutGradients { tokenizer.network.reconstruction(of: actions, quantizing: true) }
                .actions
                .floats
        }
        #expect(found(1) == found(1))
        #expect(found(1) != found(2))
    }
}
