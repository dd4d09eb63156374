import ActionTokenizers
import Foundation
import RobotTypes
import Testing

/// A residual tokenizer by rounding: the first codebook has steps of 1, the next of 0.1, the last of 0.01.
private struct Rounding: ActionTokenizer {
    let name = "rounding"
    let horizon = 2
    let normalization = Normalization.unit(1)
    var codebookCount = 3

    var layout: TokenLayout {
        .grid(codebookSizes: Array(repeating: 41, count: codebookCount), latentPositionCount: 2)
    }

    var decodableCodebooks: ClosedRange<Int> { 1 ... codebookCount }

    func keeping(codebooks: Int) -> Rounding { Rounding(codebookCount: codebooks) }

    func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        (0 ..< chunks.count).map { chunk in
            var residual = chunks[chunk].values.map(Double.init)
            return [1, 0.1, 0.01].prefix(codebookCount).flatMap { step in
                residual.indices.map { position in
                    let code = (residual[position] / step).rounded()
                    residual[position] -= code * step
                    return Int(code) + 20
                }
            }
        }
    }

    func unclippedChunks(for tokens: [[Int]]) throws -> ActionChunks {
        try check(tokens)
        return chunks(batching: tokens) { sequences in
            sequences.flatMap { codes in
                (0 ..< 2).map { position in
                    (0 ..< codes.count / 2).reduce(0) {
                        $0 + Float(codes[2 * $1 + position] - 20) * [1, 0.1, 0.01][$1]
                    }
                }
            }
        }
    }

    func save(to folder: URL) throws {}
}

@Suite("Action tokenizers")
struct ActionTokenizerTests {
    private let tokenizer = Rounding()
    private let chunks = ActionChunks(count: 3, horizon: 2, dimension: 1, values: [1, -1, 0.3, 1, 0.25, 0])

    @Test("with fewer codebooks have the first tokens of the whole, and errors that are never smaller")
    func prefixes() throws {
        let tokens = try tokenizer.tokens(for: chunks)
        let prefixes = try tokenizer.chunks(forPrefixesOf: tokens)
        #expect(prefixes.count == 3)
        var former = [Double](repeating: .infinity, count: 3)
        for codebooks in 1 ... 3 {
            let smaller = tokenizer.keeping(codebooks: codebooks)
            let first = tokens.map { Array($0.prefix(2 * codebooks)) }
            #expect(try smaller.tokens(for: chunks) == first)
            #expect(smaller.codebookSizes == Array(repeating: 41, count: codebooks))
            let decoded = try smaller.chunks(for: first)
            #expect(decoded == prefixes[codebooks - 1])
            #expect(try decoded == tokenizer.chunks(for: first))
            let errors = ReconstructionErrors(chunks, decoded).peaks
            #expect(zip(errors, former).allSatisfy { $0 <= $1 + 1e-6 })
            former = errors
        }
    }

    @Test("decode sequences of several lengths in their order, and name the chunk that is none")
    func lengths() throws {
        let tokens = try tokenizer.tokens(for: chunks)
        let mixed = [Array(tokens[0].prefix(2)), tokens[1], Array(tokens[2].prefix(4))]
        let decoded = try tokenizer.chunks(for: mixed)
        for (chunk, list) in mixed.enumerated() {
            #expect(try tokenizer.chunks(for: [list])[0] == decoded[chunk])
        }
        for count in [0, 3, 8] {
            let expected = "chunk 1: expected 2 tokens for each of 1 ... 3 codebooks, found \(count)"
            #expect(throws: ActionTokenizerError(expected)) {
                try tokenizer.chunks(for: [[20, 20], [Int](repeating: 20, count: count)])
            }
        }
        #expect(throws: ActionTokenizerError("chunk 1: token 3: expected 0 ..< 41, found 41")) {
            try tokenizer.chunks(for: [[20, 20], [20, 20, 20, 41]])
        }
    }

    @Test("clip all decoded actions to the recorded range, and the codec's own ones not")
    func clipping() throws {
        let tokens = [[25, 15, 20, 20, 20, 20]]
        #expect(try tokenizer.unclippedChunks(for: tokens).values == [5, -5])
        #expect(try tokenizer.chunks(for: tokens).values == [1, -1])
        #expect(try tokenizer.chunks(forSampled: tokens).values == [1, -1])
        #expect(try tokenizer.chunks(forPrefixesOf: tokens).allSatisfy { $0.values == [1, -1] })
        #expect(try tokenizer.robotUnits(for: tokens).values == [1, -1])
    }

    @Test("have a layout that tells the codebook of every token")
    func layout() {
        let grid = TokenLayout.grid(codebookSizes: [8, 4], latentPositionCount: 3)
        #expect((0 ..< 6).map(grid.codebook) == [0, 0, 0, 1, 1, 1])
        #expect(grid.tokenCount == 6 && !grid.isVariableLength)
        let sequence = TokenLayout.variableLength(vocabularySize: 100)
        #expect(sequence.codebookSizes == [100] && sequence.codebook(ofToken: 7) == 0)
        #expect(sequence.tokenCount == nil && sequence.isVariableLength)
        #expect(tokenizer.bits(of: [1, 2]) == 2 * log2(41))
        #expect(tokenizer.validityMask([2, 1]) == [true, true, true, true])
    }

    @Test("pass chunks through a network in batches that together are all of them")
    func batches() {
        func chunks(_ count: Int) -> ActionChunks {
            ActionChunks(count: count, horizon: 2, dimension: 1, values: (0 ..< 2 * count).map(Float.init))
        }
        var sizes: [Int] = []
        let tokens = tokenizer.tokens(batching: chunks(2500)) { batch in
            sizes.append(batch.count)
            return batch.values.map { Int($0) }
        }
        #expect(sizes == [1024, 1024, 452])
        #expect(tokens == (0 ..< 2500).map { [2 * $0, 2 * $0 + 1] })
        #expect(tokenizer.tokens(batching: chunks(0)) { _ in [] }.isEmpty)
    }

    @Test("take an episode chunk after chunk, and give back as many steps")
    func episode() throws {
        let rows: [[Float]] = [[0.5], [0.25], [-1], [0.126], [1]]
        let back = try tokenizer.roundTrip(episode: rows)
        #expect(back.count == 5)
        for (row, original) in zip(back, rows) { #expect(abs(row[0] - original[0]) <= 0.0051) }
        #expect(try tokenizer.roundTrip(episode: []).isEmpty)
        #expect(throws: ActionTokenizerError("step 1: expected 1 columns, found 2")) {
            try tokenizer.roundTrip(episode: [[0], [0, 1]])
        }
    }
}
