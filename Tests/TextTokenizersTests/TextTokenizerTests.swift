import Foundation
import TemporaryFolder
import Testing

@testable import TextTokenizers

@Suite("Text tokenizers")
struct TextTokenizerTests {
    private static let file = #"""
        {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "\u00c5": 3, "\u212b": 4, "A": 5, "\u030a": 6,
        "<s>": 7, "</s>": 8, "\ud83d\ude00": 9}, "merges": [["a", "b"]]}, "added_tokens": []}
        """#

    private func tokenizer(_ file: String = file, _ others: [String: String] = [:]) throws -> TextTokenizer {
        let folder = try TemporaryFolder()
        try folder.write(file, to: "tokenizer.json")
        for (name, text) in others { try folder.write(text, to: name) }
        return try TextTokenizer(folder: folder.url)
    }

    @Test("keep canonically equivalent pieces apart")
    func spellings() throws {
        let tokenizer = try tokenizer()
        #expect(try tokenizer.encoded("\u{C5}\u{212B}A\u{30A}") == [3, 4, 5, 6])
        #expect(tokenizer.identifier(of: "\u{212B}") == 4)
        #expect(tokenizer.identifier(of: "A\u{30A}") == nil)
        #expect(tokenizer.spelling(of: 9) == "😀")
    }

    @Test("take roles, added tokens and what is put around a text from the configuration")
    func configuration() throws {
        let configuration = #"""
            {"bos_token": {"content": "<s>"}, "eos_token": "</s>", "add_bos_token": true, "add_eos_token": true,
            "added_tokens_decoder": {"10": {"content": "<image>", "special": true}}}
            """#
        let tokenizer = try tokenizer(Self.file, ["tokenizer_config.json": configuration])
        #expect(tokenizer.roles == TextTokenizer.Roles(beginning: 7, end: 8, padding: nil))
        #expect(try tokenizer.encoded("ab<image>a</s>") == [7, 2, 10, 0, 8, 8])
        #expect(try tokenizer.encoded("ab", addsSpecialTokens: false) == [2])
        #expect(try tokenizer.decoded([7, 2, 10], skipsSpecialTokens: true) == "ab")
        #expect(tokenizer.vocabularySize == 11)
    }

    @Test("take added tokens of older folders")
    func olderFolder() throws {
        let tokenizer = try tokenizer(
            Self.file,
            [
                "added_tokens.json": #"{"<image>": 10}"#,
                "special_tokens_map.json": #"{"pad_token": "<s>"}"#,
            ]
        )
        #expect(try tokenizer.encoded("a<image>") == [0, 10])
        #expect(tokenizer.roles.padding == 7)
    }

    @Test("number tokens that are added")
    func addition() throws {
        var tokenizer = try tokenizer()
        tokenizer.add(["<image>", "ab", "<loc0000>"])
        #expect(tokenizer.identifier(of: "<loc0000>") == 11)
        #expect(try tokenizer.encoded("ab<loc0000>b<image>") == [2, 11, 1, 10])
        tokenizer.add(["<image>", "<next>"], isSpecial: true)
        #expect(tokenizer.identifier(of: "<next>") == 12)
        #expect(tokenizer.added.map(\.identifier) == [2, 10, 11, 12])
    }

    @Test(
        "say which part of a file they cannot read",
        arguments: [
            (#"{"model": {"type": "Unigram", "vocab": [["a", -1.5]]}}"#, "'Unigram'"),
            (#"{"model": {"vocab": {"a": 0}}}"#, "'merges'"),
            (#"{"model": {"vocab": {"a": 0}, "merges": [["a", "b"]]}}"#, "merges[0]"),
            (#"{"model": {"vocab": {"a": 0}, "merges": ["a b c"]}}"#, "'a b c'"),
            (#"{"model": {"vocab": {"a": -1}, "merges": []}}"#, "found -1"),
            (#"{"model": {"vocab": {"a": "x"}, "merges": []}}"#, "expected an integer"),
            (#"{"model": {"vocab": {"a": 0}, "merges": [], "unk_token": "<unk>"}}"#, "'<unk>'"),
            (
                #"{"model": {"vocab": {"a": 0}, "merges": []}, "normalizer": {"type": "Precompiled"}}"#,
                "'Precompiled'"
            ),
            (
                #"{"model": {"vocab": {"a": 0}, "merges": []}, "pre_tokenizer": {"type": "Metaspace"}}"#,
                "'Metaspace'"
            ),
            (#"{"model": {"vocab": {"a": 0"#, "expected a value, found the end"),
            ("{\"x\": [\u{1}]}", "expected a value"),
            ("", "expected an object, found the end"),
        ]
    )
    func errors(_ file: String, _ part: String) throws {
        let error = #expect(throws: TextTokenizerError.self) { try tokenizer(file) }
        #expect(try #require(error).description.contains("tokenizer.json: "))
        #expect(try #require(error).description.contains(part))
    }

    @Test("refuse added tokens with identifiers that no vocabulary has")
    func identifiers() {
        func refusal(_ file: String = Self.file, _ others: [String: String] = [:]) -> String {
            let error = #expect(throws: TextTokenizerError.self) { try tokenizer(file, others) }
            return error?.description ?? ""
        }
        let entry = #""added_tokens": [{"id": -1, "content": "<image>"}]"#
        #expect(
            refusal(Self.file.replacing(#""added_tokens": []"#, with: entry))
                .hasSuffix(": added token '<image>': expected an identifier in 0 ..< 16777216, found -1")
        )
        #expect(
            refusal(Self.file, ["added_tokens.json": #"{"<image>": 9223372036854775807}"#])
                .hasSuffix("'<image>': expected an identifier in 0 ..< 16777216, found 9223372036854775807")
        )
    }

    @Test("read a file without its folder")
    func file() throws {
        let folder = try TemporaryFolder()
        try folder.write(#"{"add_eos_token": true, "eos_token": "</s>"}"#, to: "tokenizer_config.json")
        let file = try folder.write(Self.file, to: "tokenizer.json")
        #expect(try TextTokenizer(folder: folder.url).encoded("ab") == [2, 8])
        #expect(try TextTokenizer(file: file).encoded("ab") == [2])
    }

    @Test("say what a folder lacks")
    func emptyFolder() throws {
        let folder = try TemporaryFolder()
        #expect(!TextTokenizer.isFolder(folder.url))
        let error = #expect(throws: TextTokenizerError.self) { try TextTokenizer(folder: folder.url) }
        #expect(try #require(error).description.contains("neither tokenizer.json nor tokenizer.model"))
        try folder.write("no model", to: "tokenizer.model")
        #expect(throws: TextTokenizerError.self) { try TextTokenizer(folder: folder.url) }
    }
}
