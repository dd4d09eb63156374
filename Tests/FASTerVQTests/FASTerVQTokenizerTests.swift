import ActionTokenizers
import FASTerVQ
import RobotTypes
import Support
import Testing
import Torch
import VectorQuantization

@Suite("FASTerVQ tokenizer")
struct FASTerVQTokenizerTests {
    @Test("has seven latent positions for one arm, as the paper")
    func latentPositions() throws {
        let tokenizer = try Samples.tokenizer()
        #expect(tokenizer.latentPositionCount == 7)
        #expect(tokenizer.tokenCount == 21)
        #expect(try tokenizer.tokens(for: Samples.chunks(3)).map(\.count) == [21, 21, 21])
    }

    @Test("decodes any codes in range to finite actions, and refuses all others")
    func anyCodes() throws {
        let tokenizer = try Samples.tokenizer()
        var random = SeededRandom(seed: 1, 0)
        let codes = (0 ..< 200).map { _ in (0 ..< 21).map { _ in Int.random(in: 0 ..< 32, using: &random) } }
        #expect(try tokenizer.chunks(for: codes).values.allSatisfy(\.isFinite))
        #expect(throws: ActionTokenizerError("chunk 0: token 3: expected 0 ..< 32, found 32")) {
            try tokenizer.chunks(for: [[0, 0, 0, 32] + [Int](repeating: 0, count: 17)])
        }
        #expect(throws: ActionTokenizerError("chunk 0: expected 21 tokens, found 20")) {
            try tokenizer.chunks(for: [[Int](repeating: 0, count: 20)])
        }
    }

    @Test("decodes its first codebooks alone, the better the more there are")
    func prefixes() throws {
        let tokenizer = try Samples.tokenizer()
        Torch.seed(8)
        let chunks = Samples.chunks(40)
        let codes = try tokenizer.tokens(for: chunks)
        let prefixes = try tokenizer.chunks(forPrefixesOf: codes)
        #expect(prefixes.count == 3)
        var former = Double.infinity
        for codebooks in 1 ... 3 {
            let part = tokenizer.prefix(codebooks: codebooks)
            let tokens = try part.tokens(for: chunks)
            #expect(tokens == codes.map { Array($0.prefix(7 * codebooks)) })
            #expect(part.bits(of: tokens[0]) == Double(35 * codebooks))
            let decoded = try part.chunks(for: tokens)
            #expect(prefixes[codebooks - 1] == decoded)
            let error = ReconstructionErrors(chunks, decoded).mse
            #expect(error < former)
            former = error
        }
        #expect(throws: ActionTokenizerError("chunk 0: expected 14 tokens, found 21")) {
            try tokenizer.chunks(for: codes, codebooks: 2)
        }
    }

    @Test("one chunk alone, without libtorch, has the codes and the actions to 1e-5 that it has among many")
    func alone() throws {
        for (groups, isPapers) in [
            ("position=0:3,rotation=3:6,gripper=6", false), ("left_joints=0:5,right_joints=5:7", false),
            ("position=0:3,rotation=3:6,gripper=6", true),
        ] {
            let tokenizer = try Samples.tokenizer(groups, bypassingGrippers: !isPapers) {
                $0.autoencoder.linearSkip = !isPapers
                if isPapers {
                    ($0.quantizer.codebookCount, $0.actionSpaceQuantizer.codebookCount) = (3, 0)
                }
            }
            Torch.seed(9)
            let chunks = Samples.chunks(30, valid: (0 ..< 30).map { 20 - $0 % 7 })
            let codes = try tokenizer.tokens(for: chunks)
            let together = try tokenizer.chunks(for: codes)
            for chunk in 0 ..< 30 {
                #expect(try tokenizer.tokens(for: chunks[chunk ..< chunk + 1]) == [codes[chunk]])
                for codebooks in 1 ... 3 {
                    let part = [Array(codes[chunk].prefix(codebooks * tokenizer.latentPositionCount))]
                    let alone = try tokenizer.chunks(for: part, codebooks: codebooks)
                    let prefixes = codes.map { Array($0.prefix(codebooks * tokenizer.latentPositionCount)) }
                    let expected = try tokenizer.chunks(for: prefixes, codebooks: codebooks)[chunk]
                    #expect(zip(alone.values, expected.values).allSatisfy { abs($0 - $1) < 1e-5 })
                }
                #expect(together[chunk].values.count == 140)
            }
        }
    }

    @Test("gives codes that padding cannot influence")
    func padding() throws {
        let tokenizer = try Samples.tokenizer()
        Torch.seed(7)
        let first = Samples.chunks(4, valid: [20, 5, 1, 12])
        var second = first
        for chunk in 0 ..< 4 {
            for index in first.validSteps[chunk] * 7 ..< 140 { second.values[chunk * 140 + index] = 99 }
        }
        #expect(try tokenizer.tokens(for: first) == tokenizer.tokens(for: second))
        #expect(tokenizer.validLatentPositions([5]) == [true, false, false, false, true, false, true])
    }

    @Test("names the value that is not finite")
    func notFinite() throws {
        var chunks = Samples.chunks(2)
        chunks.values[140 + 7 * 3 + 2] = .nan
        #expect(throws: ActionTokenizerError("chunk 1, step 3, column 2: nan is not finite")) {
            try Samples.tokenizer().tokens(for: chunks)
        }
    }
}
