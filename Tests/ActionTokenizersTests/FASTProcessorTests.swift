import Foundation
import RobotTypes
import TemporaryFolder
import Testing

@testable import ActionTokenizers

/// Output of Golden/make_fast_processor.py.
private struct Golden: Decodable {
    let smallest: Int
    let chunks: [[Float]]
    let tokens: [[Int]]
    let decoded: [[Double]]

    static func load() throws -> Golden {
        let file = try #require(
            Bundle.module.url(forResource: "processor_golden", withExtension: "json", subdirectory: "Golden")
        )
        return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    }
}

@Suite("FAST with the public processor's vocabulary")
struct FASTProcessorTests {
    private let golden: Golden
    private let folder: URL
    private let processor: FASTProcessor
    private let chunks: ActionChunks

    init() throws {
        golden = try Golden.load()
        folder = Bundle.module.bundleURL.appending(path: "Golden/fast_processor")
        processor = try FASTProcessor(loading: folder, horizon: 99, normalization: .unit(3))
        let values = golden.chunks.flatMap { $0 }
        chunks = ActionChunks(count: golden.chunks.count, horizon: 12, dimension: 3, values: values)
    }

    @Test("gives the tokens of the tokenizers library, and its actions back")
    func tokenizersLibrary() throws {
        #expect(FASTProcessor.isFolder(folder))
        #expect(processor.horizon == 12)
        #expect(processor.codebookSizes == [700])
        #expect(try processor.tokens(for: chunks) == golden.tokens)
        let back = try processor.unclippedChunks(for: golden.tokens)
        let decoded = golden.decoded.flatMap { $0 }
        try #require(!decoded.isEmpty && back.values.count == decoded.count)
        for (one, other) in zip(back.values, decoded) {
            #expect(abs(Double(one) - other) < 1e-5)
        }
    }

    @Test("refuses token sequences that do not make a chunk, naming it")
    func malformed() throws {
        func message(_ tokens: [[Int]]) -> String? {
            #expect(throws: ActionTokenizerError.self) { try processor.chunks(for: tokens) }?.description
        }
        let good = golden.tokens[0]
        #expect(message([good, []]) == "chunk 1: the 0 tokens stand for 0 coefficients, expected 36")
        #expect(message([good + good])?.hasSuffix("stand for 72 coefficients, expected 36") == true)
        #expect(message([[700]]) == "chunk 0: the 1 tokens are not a text")
        #expect(message([[-1]]) == "chunk 0: the 1 tokens are not a text")
    }

    @Test("decodes any tokens that a policy samples: missing coefficients are 0, surplus ones are dropped")
    func sampled() throws {
        let tokens = golden.tokens
        let whole = try processor.unclippedChunks(for: tokens)
        #expect(try processor.unclippedChunks(forSampled: tokens) == whole)
        #expect(try processor.unclippedChunks(forSampled: tokens.map { $0 + $0 }) == whole)
        let none = try processor.unclippedChunks(forSampled: [[]])
        #expect(none.values == Array(repeating: 0, count: 36))
        let cut = try processor.unclippedChunks(forSampled: tokens.map { Array($0.dropLast()) })
        #expect(cut.values.count == whole.values.count && cut != whole)
        #expect(throws: ActionTokenizerError("chunk 1: token 700 is not in the vocabulary")) {
            try processor.chunks(forSampled: [tokens[0], [700]])
        }
    }

    @Test("moves coefficients that cannot be spelled to the nearest that can, and names what is not finite")
    func extremes() throws {
        var extreme = chunks[0 ..< 2]
        extreme.values = extreme.values.indices.map { $0 < 36 ? 3e38 : -3e38 }
        #expect(try processor.chunks(for: processor.tokens(for: extreme)).values.allSatisfy(\.isFinite))
        extreme.values[40] = .infinity
        #expect(throws: ActionTokenizerError("chunk 1, step 1, column 1: inf is not finite")) {
            try processor.tokens(for: extreme)
        }
    }

    @Test("knows its robot only with statistics beside it")
    func loading() throws {
        let parent = try TemporaryFolder()
        try parent.copy(folder.path, to: "copy")
        let copy = parent.appending(path: "copy")
        func message() -> String {
            #expect(throws: ActionTokenizerError.self) { try FASTProcessor(loading: copy) }?.description ?? ""
        }
        #expect(message().hasSuffix("norm_stats.json: is missing or cannot be read"))
        try TokenizerFolder.write(.unit(3), to: copy)
        #expect(try FASTProcessor.belongsToRobot(copy))
        #expect(try FASTProcessor(loading: copy) == processor)
        let other = parent.appending(path: "other")
        try processor.save(to: other)
        #expect(try FASTProcessor(loading: other) == processor)
        #expect(throws: ActionTokenizerError.self) {
            try FASTProcessor(loading: copy, horizon: 12, normalization: .unit(4))
        }
        for (file, from, to, expected) in [
            (
                "processor_config.json", "\"time_horizon\": 12", "\"time_horizon\": null",
                "belongs to no robot"
            ),
            (
                "processor_config.json", "\"scale\": 40", "\"scale\": 0",
                "processor_config.json: 'scale' should be a number above 0"
            ),
            (
                "tokenizer.json", "\"ByteLevel\"", "\"Whitespace\"",
                "'Whitespace' is not supported"
            ),
            (
                "tokenizer.json", "\"normalizer\": null", "\"normalizer\": {\"type\": \"NFC\"}",
                "tokenizer.json: expected byte-level byte-pair encoding without a normalizer"
            ),
            (
                "tokenizer.json", "\"add_prefix_space\": false", "\"add_prefix_space\": true",
                "tokenizer.json: expected byte-level byte-pair encoding"
            ),
            ("tokenizer.json", "\"merges\"", "\"merged\"", "tokenizer.json: model"),
        ] {
            let url = copy.appending(path: file)
            let whole = try String(contentsOf: url, encoding: .utf8)
            try #require(whole.contains(from))
            try whole.replacing(from, with: to).write(to: url, atomically: true, encoding: .utf8)
            #expect(message().contains(expected), "\(message())")
            try whole.write(to: url, atomically: true, encoding: .utf8)
        }
    }
}
