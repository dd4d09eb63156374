import Foundation
import RobotTypes
import Support
import Testing

@testable import ActionTokenizers

/// Output of Golden/make_fast_golden.py.
private struct Golden: Decodable {
    struct Transform: Decodable {
        let horizon: Int
        let columns: Int
        let values: [[Float]]
        let dct: [[Double]]
        let rounded: [[Int]]
    }

    struct Encoding: Decodable {
        let alphabetSize: Int
        let vocabularySize: Int
        let words: [[Int]]
        let merges: [[Int]]
        let heldOut: [[Int]]
        let tokens: [[Int]]
    }

    let transform: Transform
    let encodings: [Encoding]

    static func load() throws -> Golden {
        let file = try #require(
            Bundle.module.url(forResource: "fast_golden", withExtension: "json", subdirectory: "Golden")
        )
        return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    }
}

@Suite("Byte-pair encoding")
struct BytePairEncodingTests {
    @Test("learns the merges of the tokenizers library, and gives its tokens", arguments: 0 ..< 3)
    func tokenizersLibrary(index: Int) throws {
        let golden = try Golden.load().encodings[index]
        let encoding = try BytePairEncoding.train(
            on: golden.words,
            alphabetSize: golden.alphabetSize,
            vocabularySize: golden.vocabularySize
        )
        #expect(encoding.merges.map { [$0.first, $0.second] } == golden.merges)
        try #require(!golden.merges.isEmpty && !golden.heldOut.isEmpty)
        try #require(golden.heldOut.count == golden.tokens.count)
        for (word, tokens) in zip(golden.heldOut, golden.tokens) {
            #expect(encoding.encoded(word) == tokens)
            #expect(try encoding.decoded(tokens, length: word.count) == word)
        }
    }

    @Test("is fed the coefficients that scipy computes")
    func coefficients() throws {
        let golden = try Golden.load().transform
        let chunks = ActionChunks(
            count: golden.values.count,
            horizon: golden.horizon,
            dimension: golden.columns,
            values: golden.values.flatMap { $0 }
        )
        let transform = DiscreteCosineTransform(length: golden.horizon)
        try #require(!golden.values.isEmpty && golden.values.count == golden.dct.count)
        #expect(FASTTokenizer.coefficients(of: chunks, scale: 10, transform) == golden.rounded)
        for (values, expected) in zip(golden.values, golden.dct) {
            let ours = transform.coefficients(values[...], columns: golden.columns)
            try #require(!ours.isEmpty && ours.count == expected.count)
            for (one, other) in zip(ours, expected) { #expect(abs(one - other) < 1e-6) }
        }
    }

    @Test("joins the most frequent pair first, of equal ones the smaller, from the left")
    func order() throws {
        let words = [[1, 2, 0, 1, 2], [0, 0, 0]]
        let encoding = try BytePairEncoding.train(on: words, alphabetSize: 3, vocabularySize: 10)
        // (0, 0) and (1, 2) occur twice each; after them nothing does.
        #expect(encoding.merges == [.init(first: 0, second: 0), .init(first: 1, second: 2)])
        #expect(encoding.encoded([0, 0, 0, 1, 2, 1]) == [3, 0, 4, 1])
        #expect(encoding.encoded([]) == [])
        #expect(encoding.encoded([2]) == [2])
    }

    @Test("stops where the vocabulary is full")
    func full() throws {
        let words = [[0, 1, 0, 1, 0, 1, 0, 1]]
        #expect(try BytePairEncoding.train(on: words, alphabetSize: 2, vocabularySize: 3).merges.count == 1)
        #expect(try BytePairEncoding.train(on: words, alphabetSize: 2, vocabularySize: 2).merges.isEmpty)
    }

    @Test("refuses words of other symbols, and merges that cannot be")
    func refusals() {
        #expect(throws: ActionTokenizerError("word 1: expected symbols in 0 ..< 3, found 3")) {
            try BytePairEncoding.train(on: [[0], [1, 3]], alphabetSize: 3, vocabularySize: 9)
        }
        #expect(throws: InvalidValue.self) {
            try BytePairEncoding.train(on: [], alphabetSize: -1, vocabularySize: 9)
        }
        #expect(throws: ActionTokenizerError("merge 0: (0, 2) uses an unknown symbol")) {
            try BytePairEncoding(alphabetSize: 2, merges: [.init(first: 0, second: 2)])
        }
        #expect(throws: ActionTokenizerError("merge 1: (0, 1) is merge 0 already")) {
            try BytePairEncoding(
                alphabetSize: 2,
                merges: [.init(first: 0, second: 1), .init(first: 0, second: 1)]
            )
        }
        for size in [0, 1_048_577, Int(Int32.max)] {
            #expect(throws: InvalidValue("alphabetSize", expected: "in 1 ... 1048576", found: size)) {
                try BytePairEncoding(alphabetSize: size, merges: [])
            }
        }
    }

    @Test("never expands tokens that stand for too much")
    func explosion() throws {
        let doubling = (0 ..< 200).map { BytePairEncoding.Pair(first: $0, second: $0) }
        let encoding = try BytePairEncoding(alphabetSize: 1, merges: doubling)
        #expect(try encoding.decoded([3, 0], length: 9) == Array(repeating: 0, count: 9))
        #expect(throws: ActionTokenizerError.self) { try encoding.decoded([200, 200], length: 64) }
    }
}
