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
    let latentPositionCount = 2
    let codebookSizes = [21, 21, 21]

    func codebook(ofToken position: Int) -> Int { position / latentPositionCount }

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
