import ActionTokenizers
import RobotTypes
import Testing

/// A residual tokenizer by rounding: the first codebook knows steps of 1, the next of 0.1, the last of 0.01.
private struct Rounding: ResidualTokenizer {
    let name = "rounding"
    let horizon = 2
    let dimension = 1
    let normalization = Normalization.unit(1)
    let codebookCount = 3
    let placeCount = 2
    let codebookSizes = [21, 21, 21]

    func codebook(ofToken position: Int) -> Int { position / placeCount }

    func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        (0 ..< chunks.count).map { chunk in
            var left = chunks.values[chunk * 2 ..< chunk * 2 + 2].map(Double.init)
            return [1, 0.1, 0.01].flatMap { step in
                left.indices.map { place in
                    let code = (left[place] / step).rounded()
                    left[place] -= code * step
                    return Int(code) + 10
                }
            }
        }
    }

    func chunks(for tokens: [[Int]]) throws -> ActionChunks { try chunks(for: tokens, codebooks: 3) }

    func chunks(for tokens: [[Int]], codebooks: Int) throws -> ActionChunks {
        let values = try tokens.enumerated().flatMap { chunk, codes -> [Float] in
            guard codes.count == 2 * codebooks else {
                throw ActionTokenizerError("chunk \(chunk): wrong length")
            }
            return (0 ..< 2).map { place in
                (0 ..< codebooks).reduce(0) { $0 + Float(codes[2 * $1 + place] - 10) * [1, 0.1, 0.01][$1] }
            }
        }
        return ActionChunks(count: tokens.count, horizon: 2, dimension: 1, values: values)
    }
}

@Suite("Residual tokenizers with fewer codebooks")
struct ResidualTokenizerTests {
    private let tokenizer = Rounding()
    /// Needs one codebook, two and three for errors up to 0.02.
    private let chunks = ActionChunks(count: 3, horizon: 2, dimension: 1, values: [1, -2, 0.3, 1, 0.25, 0])

    private func peaks(_ tokenizer: any ActionTokenizer) throws -> [Double] {
        let back = try tokenizer.chunks(for: tokenizer.tokens(for: chunks))
        return ReconstructionErrors(chunks, back).peaks
    }

    @Test("a prefix's tokens are the first of the whole, and its error is never smaller than with more")
    func prefixes() throws {
        let whole = try tokenizer.tokens(for: chunks)
        var former = [Double](repeating: .infinity, count: 3)
        for codebooks in 1 ... 3 {
            let prefix = tokenizer.prefix(codebooks: codebooks)
            let tokens = try prefix.tokens(for: chunks)
            #expect(tokens == whole.map { Array($0.prefix(2 * codebooks)) })
            #expect(prefix.codebookSizes == Array(repeating: 21, count: codebooks))
            #expect(prefix.name == "rounding:codebooks=\(codebooks)")
            let errors = try peaks(prefix)
            #expect(zip(errors, former).allSatisfy { $0 <= $1 + 1e-6 })
            former = errors
        }
        #expect(try tokenizer.prefix(codebooks: 3).chunks(for: whole) == tokenizer.chunks(for: whole))
    }

    @Test(
        "an adaptive tokenizer keeps the tolerance with as few codebooks as can, and its bits count those only"
    )
    func adaptive() throws {
        let adaptive = tokenizer.adaptive(within: .largest(0.02))
        let tokens = try adaptive.tokens(for: chunks)
        #expect(tokens.map(\.count) == [2, 4, 6])
        #expect(try peaks(adaptive).allSatisfy { $0 <= 0.02 })
        #expect(tokens.map { (adaptive.bits(of: $0) / adaptive.bits(of: [0])).rounded() } == [2, 4, 6])
        #expect(try tokenizer.adaptive(within: .largest(100)).tokens(for: chunks).map(\.count) == [2, 2, 2])
    }

    @Test("or keeps the mean error, which fewer codebooks do")
    func adaptiveByMean() throws {
        let adaptive = tokenizer.adaptive(within: .mean(0.02))
        #expect(adaptive.name == "rounding:mean=0.02")
        let tokens = try adaptive.tokens(for: chunks)
        let errors = ReconstructionErrors(chunks, try adaptive.chunks(for: tokens)).chunkL1
        #expect(errors.allSatisfy { $0 <= 0.02 })
        let within = try tokenizer.adaptive(within: .largest(0.02)).tokens(for: chunks)
        #expect(zip(tokens, within).allSatisfy { $0.count <= $1.count })
    }

    @Test("where no codebooks keep the tolerance, an adaptive tokenizer uses all")
    func impossible() throws {
        let adaptive = tokenizer.adaptive(within: .largest(0))
        let hard = ActionChunks(count: 1, horizon: 2, dimension: 1, values: [0.1234, 0])
        #expect(try adaptive.tokens(for: hard).map(\.count) == [6])
    }

    @Test("steps beyond an episode's end ask for no codebooks")
    func padding() throws {
        let ended = ActionChunks(count: 1, horizon: 2, dimension: 1, values: [1, 0.25], validSteps: [1])
        #expect(try tokenizer.adaptive(within: .largest(0.02)).tokens(for: ended).map(\.count) == [2])
    }

    @Test("lists of tokens that are no whole codebooks are refused, naming the chunk")
    func broken() throws {
        let adaptive = tokenizer.adaptive(within: .largest(0.02))
        for count in [0, 3, 8] {
            let error = #expect(throws: ActionTokenizerError.self) {
                try adaptive.chunks(for: [[10, 10], [Int](repeating: 10, count: count)])
            }
            #expect(
                error?.description
                    == "chunk 1: expected 2 codes for each of 1 ... 3 codebooks, found \(count) codes"
            )
        }
    }

    @Test(
        "codes out of range are refused, naming their own chunk whatever the lengths of the lists before it"
    )
    func outOfRange() {
        let lists = [[10, 10], [10, 10, 10, 10], [10, 10], [10, 10, 10, 21]]
        #expect(throws: ActionTokenizerError("chunk 3: token 3: expected 0 ..< 21, found 21")) {
            try tokenizer.adaptive(within: .largest(0.02)).chunks(for: lists)
        }
    }

    @Test("chunks pass through a network in batches that together are all of them")
    func batches() {
        #expect(tokenizer.batches(of: 2500) == [0 ..< 1024, 1024 ..< 2048, 2048 ..< 2500])
        #expect(tokenizer.batches(of: 0).isEmpty)
    }

    @Test("an episode goes through a tokenizer chunk after chunk, and comes back as long as it was")
    func episode() throws {
        let rows: [[Float]] = [[0.5], [0.25], [-1], [0.126], [2]]
        let back = try tokenizer.roundTrip(episode: rows)
        #expect(back.count == 5)
        for (row, original) in zip(back, rows) { #expect(abs(row[0] - original[0]) <= 0.0051) }
        #expect(try tokenizer.roundTrip(episode: []).isEmpty)
        #expect(throws: ActionTokenizerError("step 1: expected 1 columns, found 2")) {
            try tokenizer.roundTrip(episode: [[0], [0, 1]])
        }
    }
}
