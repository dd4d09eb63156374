import ActionTokenizers
import FASTerVQ
import RobotTypes
import Support
import Testing
import Torch
import VectorQuantization

@Suite("FASTerVQ tokenizer")
struct FASTerVQTokenizerTests {
    @Test("has codewords of latents, then of action-space stages; those of a gripper are of stages alone")
    func codewords() throws {
        let tokenizer = try Samples.tokenizer("position=0:3,gripper=3")
        let codewords = try #require(tokenizer.codewords)
        let positions = tokenizer.latentPositionCount
        #expect(
            codewords.codebookCount == tokenizer.codebookCount && codewords.latentPositionCount == positions
        )
        let rows = Tensor(
            codewords.values,
            shape: [tokenizer.codebookCount, positions, tokenizer.codebookSize, codewords.width]
        )
        let model = tokenizer.model
        func matches(_ table: Tensor, codebook: Int, position: Int) -> Bool {
            let own = rows.select(0, codebook).select(0, position)
            return own.narrowed(1, from: 0, count: table.size(1)).floats == table.floats
        }
        let latents = model.quantizer.quantizers[0].entries
        #expect(matches(latents.select(0, 1), codebook: 1, position: 0))
        let groups = try model.makePatchifier(tokenizer.actionSpace, horizon: tokenizer.horizon).groups
        let stages = groups.map {
            model.actionSpaceQuantizer.stages[model.actionSpaceQuantizer.types.index(of: $0)]
        }
        #expect(matches(stages[0].entries.select(0, 0), codebook: latents.size(0), position: 0))
        #expect(matches(stages[1].entries.select(0, 0), codebook: 0, position: positions - 1))
    }

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
        #expect(
            throws: ActionTokenizerError("chunk 0: expected 7 tokens for each of 1 ... 3 codebooks, found 20")
        ) {
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
            let part = tokenizer.keeping(codebooks: codebooks)
            let tokens = try part.tokens(for: chunks)
            #expect(tokens == codes.map { Array($0.prefix(7 * codebooks)) })
            #expect(part.bits(of: tokens[0]) == Double(35 * codebooks))
            let decoded = try part.chunks(for: tokens)
            #expect(prefixes[codebooks - 1] == decoded)
            let error = ReconstructionErrors(chunks, decoded).mse
            #expect(error < former)
            former = error
        }
    }

    @Test("leaves chunks to its codec, also with fewer codebooks")
    func codec() throws {
        let base = try Samples.tokenizer()
        let tokenizer = try FASTerVQTokenizer(
            base.model,
            actionSpace: base.actionSpace,
            horizon: 20,
            normalization: base.normalization,
            codec: ConstantCodec.self
        )
        #expect(try tokenizer.tokens(for: Samples.chunks(2)) == [[20, 3], [20, 3]])
        let fewer = tokenizer.keeping(codebooks: 1)
        #expect(try fewer.tokens(for: Samples.chunks(1)) == [[20, 1]])
        #expect(
            try fewer.unclippedChunks(for: [[Int](repeating: 0, count: 7)]).values
                == [Float](repeating: 7, count: 140)
        )
        #expect(
            try tokenizer.unclippedChunks(for: [7, 14, 7].map { [Int](repeating: 0, count: $0) }).values
                == [7, 14, 7].flatMap { [Float](repeating: $0, count: 140) }
        )
    }

    @Test("knows the latent positions that lie beyond an episode's end")
    func validPositions() throws {
        let tokenizer = try Samples.tokenizer()
        #expect(tokenizer.validityMask([5]) == [true, false, false, false, true, false, true])
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

/// Gives the numbers of valid steps and codebooks for codes, and the number of codes for every value.
private struct ConstantCodec: ChunkCodec {
    let codebookCount: Int

    init?(_ model: FASTerVQModel, _ robot: Embodiment) { codebookCount = model.configuration.codebookCount }

    func codes(for chunks: [[Float]], validSteps: [Int]) -> [[Int]] {
        validSteps.map { [$0, codebookCount] }
    }

    func actions(for codes: [[Int]]) -> [[Float]] {
        codes.map { [Float](repeating: Float($0.count), count: 140) }
    }
}
