import Foundation
import Testing

@testable import TextTokenizers

/// Texts and tokens of Hugging Face `tokenizers` 0.23.3 and `sentencepiece` 0.2.3: Golden/make_golden.py.
@Suite("Tokenizers as the real libraries have them")
struct TextTokenizerGoldenTests {
    struct Case: Decodable {
        var text: String?
        var ids: [Int]
        var special: [Int]?
        var decoded: String
        var skipped: String?
    }

    static let folders = [
        "qwen", "smollm2", "gpt2", "llama3", "gemma", "gemma_sentencepiece", "flags", "unknown",
        "unknown_fused",
    ]

    static func golden(_ path: String) throws -> URL {
        try #require(Bundle.module.resourceURL).appending(path: "Golden/\(path)")
    }

    @Test("give the same tokens, with and without special ones, and the same text", arguments: folders)
    func tokens(_ name: String) throws {
        let golden = try Data(contentsOf: Self.golden("golden.json"))
        let cases = try #require(JSONDecoder().decode([String: [Case]].self, from: golden)[name])
        let tokenizer = try TextTokenizer(folder: Self.golden(name))
        #expect(cases.contains { $0.text != nil } && cases.contains { $0.skipped != nil })
        for expected in cases {
            if let text = expected.text {
                #expect(try tokenizer.encoded(text, addsSpecialTokens: false) == expected.ids)
                #expect(try tokenizer.encoded(text) == expected.special)
            }
            let decoded = try tokenizer.decoded(expected.ids)
            #expect(Array(decoded.unicodeScalars) == Array(expected.decoded.unicodeScalars))
            if let skipped = expected.skipped {
                let decoded = try tokenizer.decoded(expected.ids, skipsSpecialTokens: true)
                #expect(Array(decoded.unicodeScalars) == Array(skipped.unicodeScalars))
            }
        }
    }
}
