import ActionTokenizers
import Foundation
import RobotTypes
import Support
import TemporaryFolder
import Testing
import Torch

@testable import FASTerVQ

@Suite("FASTerVQ with a linear encoder", .serialized)
struct LinearFASTerVQTests {
    private func tokenizer(
        episodes: Int = 20,
        seed: UInt64 = 0,
        entries: Int = 64,
        positions: Int? = nil
    ) throws -> LinearFASTerVQTokenizer {
        var settings = LinearFASTerVQ.Fitting()
        (settings.codebookSize, settings.seed, settings.latentPositions) = (entries, seed, positions)
        return try LinearFASTerVQTokenizer(
            fitting: LinearSamples.normalizedChunks(episodes: episodes),
            of: ActionSpace(parsing: LinearSamples.space),
            normalization: LinearSamples.normalization,
            settings
        )
    }

    private func error(_ tokenizer: some ActionTokenizer, _ chunks: ActionChunks) throws -> Float {
        let decoded = try tokenizer.chunks(for: tokenizer.tokens(for: chunks))
        return zip(decoded.values, chunks.values).reduce(0) { $0 + abs($1.0 - $1.1) }
            / Float(chunks.values.count)
    }

    @Test("has codewords at the distances of their decoded chunks")
    func codewords() throws {
        let tokenizer = try tokenizer(entries: 16)
        let codewords = try #require(tokenizer.codewords)
        let count = tokenizer.model.latentPositionCount
        #expect(codewords.codebookCount == 3 && codewords.latentPositionCount == count)
        #expect(codewords.codebookSize == 16)
        let origin = [Int](repeating: 0, count: 3 * count)
        for (codebook, position) in [(0, 0), (1, count - 1)] {
            var other = origin
            other[codebook * count + position] = 5
            let chunks = try tokenizer.unclippedChunks(for: [origin, other])
            let decoded = zip(chunks[0].values, chunks[1].values).map { ($0 - $1) * ($0 - $1) }
            let first = ((codebook * count + position) * 16) * codewords.width
            let direct = (0 ..< codewords.width).map {
                let difference =
                    codewords.values[first + $0] - codewords.values[first + 5 * codewords.width + $0]
                return difference * difference
            }
            let (one, two) = (decoded.reduce(0, +), direct.reduce(0, +))
            #expect(one > 0 && abs(one - two) < 1e-4 * two)
        }
    }

    @Test("has a lower error with every codebook, on episodes that it was not fitted to")
    func codebooks() throws {
        let tokenizer = try tokenizer()
        let chunks = LinearSamples.normalizedChunks(episodes: 5, seed: 9)
        let errors = try tokenizer.decodableCodebooks.map {
            try error(tokenizer.keeping(codebooks: $0), chunks)
        }
        #expect(errors.count == 3)
        #expect(errors == errors.sorted(by: >))
        #expect(errors[2] < 0.03)
        let tokens = try tokenizer.tokens(for: chunks)
        let prefixes = try tokenizer.chunks(forPrefixesOf: tokens)
        #expect(try prefixes[2] == tokenizer.chunks(for: tokens))
    }

    @Test("has a lower error than FAST at about as many tokens, on held-out episodes")
    func beatsFAST() throws {
        let tokenizer = try tokenizer(entries: 512, positions: 2)
        let chunks = LinearSamples.normalizedChunks(episodes: 5, seed: 9)
        let fast = try FASTTokenizer(
            fitting: LinearSamples.normalizedChunks(episodes: 20),
            normalization: LinearSamples.normalization,
            scale: 10,
            vocabularySize: 512
        )
        let lengths = try fast.tokens(for: chunks).map { Double($0.count) }
        let count = try #require(tokenizer.layout.tokenCount)
        #expect(Double(count) <= lengths.reduce(0, +) / Double(lengths.count) + 1)
        #expect(try error(tokenizer, chunks) < error(fast, chunks))
    }

    @Test("is the same for the same seed, and another for another")
    func seeds() throws {
        let chunks = LinearSamples.normalizedChunks(episodes: 2, seed: 9)
        let tokens = try tokenizer().tokens(for: chunks)
        #expect(try tokenizer().tokens(for: chunks) == tokens)
        #expect(try tokenizer(seed: 1).tokens(for: chunks) != tokens)
    }

    @Test("encodes a chunk alone as it does among others")
    func batches() throws {
        let tokenizer = try tokenizer()
        let chunks = LinearSamples.normalizedChunks(episodes: 1, seed: 9)
        let tokens = try tokenizer.tokens(for: chunks)
        #expect(try tokenizer.tokens(for: chunks[7 ..< 8]) == [tokens[7]])
    }

    @Test("decodes any codes to finite actions, constant columns to the constant")
    func anyCodes() throws {
        let tokenizer = try tokenizer()
        let count = try #require(tokenizer.layout.tokenCount)
        var random = SeededRandom(seed: 5)
        let tokens = (0 ..< 50).map { _ in (0 ..< count).map { _ in Int.random(in: 0 ..< 64, using: &random) }
        }
        let restored = try tokenizer.restored(tokenizer.chunks(for: tokens))
        #expect(restored.values.allSatisfy { $0.isFinite })
        for index in stride(from: 3, to: restored.values.count, by: 5) {
            #expect(restored.values[index] == 0.25)
        }
        let error = #expect(throws: ActionTokenizerError.self) {
            try tokenizer.chunks(for: [Array(repeating: 64, count: count)])
        }
        #expect(error?.description == "chunk 0: token 0: expected 0 ..< 64, found 64")
    }

    @Test("is the same once written and read, and refuses a folder that is damaged")
    func folder() throws {
        let parent = try TemporaryFolder()
        let tokenizer = try tokenizer()
        let folder = parent.appending(path: "tokenizer")
        try tokenizer.save(to: folder)
        let opened = try LinearFASTerVQTokenizer(loading: folder, device: .cpu)
        let chunks = LinearSamples.normalizedChunks(episodes: 2, seed: 9)
        #expect(try opened.tokens(for: chunks) == tokenizer.tokens(for: chunks))
        #expect(opened.model.configuration == tokenizer.model.configuration)
        let config = folder.appending(path: "config.json")
        let text = try String(contentsOf: config, encoding: .utf8)
        for (key, value) in [("codebookCount", "0"), ("codebookSize", "-1")] {
            let damaged = text.replacing(
                try Regex("\"\(key)\" : [0-9]+"),
                with: "\"\(key)\" : \(value)"
            )
            #expect(damaged != text)
            try damaged.write(to: config, atomically: true, encoding: .utf8)
            let error = #expect(throws: (any Error).self) {
                try LinearFASTerVQTokenizer(loading: folder, device: .cpu)
            }
            #expect(String(describing: error).contains("'configuration.\(key)' should be in 1 ... "))
        }
    }

    @Test("refuses settings out of range, and to be fitted to nothing")
    func refusals() throws {
        let space = try ActionSpace(parsing: LinearSamples.space)
        func fit(_ chunks: ActionChunks, _ change: (inout LinearFASTerVQ.Fitting) -> Void) -> String {
            var settings = LinearFASTerVQ.Fitting()
            change(&settings)
            let error = #expect(throws: (any Error).self) {
                try LinearFASTerVQTokenizer(
                    fitting: chunks,
                    of: space,
                    normalization: LinearSamples.normalization,
                    settings
                )
            }
            return error.map { "\($0)" } ?? ""
        }
        let chunks = LinearSamples.normalizedChunks(episodes: 1)
        #expect(fit(chunks) { $0.codebookSize = 1 }.contains("entries"))
        #expect(fit(chunks) { $0.codebookCount = 0 }.contains("codebooks"))
        #expect(fit(chunks) { $0.latentPositions = 0 }.contains("positions"))
        #expect(fit(chunks[0 ..< 0]) { _ in }.contains("needs chunks to be fitted to, found none"))
    }
}
