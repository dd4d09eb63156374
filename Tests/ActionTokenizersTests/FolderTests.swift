import Foundation
import RobotTypes
import TemporaryFolder
import Testing

@testable import ActionTokenizers

@Suite("Tokenizer folders")
struct FolderTests {
    private let parent: TemporaryFolder
    private let fast: FASTTokenizer

    private var folder: URL { parent.appending(path: "tokenizer") }

    init() throws {
        parent = try TemporaryFolder()
        fast = try FASTTokenizer(fitting: .smooth(100), normalization: .unit(4), vocabularySize: 200)
    }

    private func change(_ file: String, _ from: String, _ to: String) throws {
        let url = folder.appending(path: file)
        let text = try String(contentsOf: url, encoding: .utf8)
        try #require(text.contains(from))
        try text.replacing(from, with: to).write(to: url, atomically: true, encoding: .utf8)
    }

    private func message() -> String {
        #expect(throws: ActionTokenizerError.self) { try FASTTokenizer(loading: folder) }?.description ?? ""
    }

    @Test("have the digest that coreutils compute")
    func digest() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(#"{"tokenizer" : "binning"}"#.utf8).write(to: folder.appending(path: "config.json"))
        try Data("{}".utf8).write(to: folder.appending(path: "norm_stats.json"))
        // sha256sum config.json norm_stats.json | sha256sum
        let expected = "e90f96a294e34af0686e827d72f6dab61749b65f17f19f2245352d3c071c3c6b"
        #expect(try TokenizerFolder.digest(of: folder) == "sha256:" + expected)
        try Data("notes".utf8).write(to: folder.appending(path: "README.md"))
        #expect(try TokenizerFolder.digest(of: folder) == "sha256:" + expected)
        try Data("{ }".utf8).write(to: folder.appending(path: "norm_stats.json"))
        #expect(try TokenizerFolder.digest(of: folder) != "sha256:" + expected)
    }

    @Test("give FAST back as it was, and can be written over")
    func fastRoundTrip() throws {
        try BinningTokenizer(horizon: 3, normalization: .unit(1)).save(to: folder)
        try fast.save(to: folder)
        #expect(try TokenizerFolder.tokenizerName(in: folder) == "fast")
        #expect(try FASTTokenizer(loading: folder) == fast)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(files == ["config.json", "norm_stats.json"])
    }

    @Test("give binning back as it was")
    func binningRoundTrip() throws {
        let binning = BinningTokenizer(
            horizon: 3,
            normalization: .unit(2, method: .meanStandardDeviation),
            binCount: 64
        )
        try binning.save(to: folder)
        #expect(try BinningTokenizer(loading: folder) == binning)
        #expect(message().hasSuffix("config.json: tokenizer: expected 'fast', found 'binning'"))
        let uniform = BinningTokenizer(horizon: 3, normalization: .unit(2), bounds: .range)
        let other = folder.appending(path: "uniform")
        try uniform.save(to: other)
        #expect(try TokenizerFolder.tokenizerName(in: other) == "binning-uniform")
        #expect(try BinningTokenizer(loading: other) == uniform)
        try change("config.json", "64", "0")
        #expect(throws: ActionTokenizerError.self) { try BinningTokenizer(loading: folder) }
    }

    @Test("say what is missing")
    func missing() throws {
        #expect(message() == "\(folder.path): no such folder")
        for file in ["norm_stats.json", "config.json"] {
            try fast.save(to: folder)
            try FileManager.default.removeItem(at: folder.appending(path: file))
            #expect(message().hasSuffix("\(file): is missing or cannot be read"))
        }
    }

    @Test(
        "that were damaged are refused, naming file or field",
        arguments: [
            ("config.json", "\"scale\" : 10", "\"scale\" : 0", "config.json: 'scale'"),
            ("config.json", "\"horizon\" : 16", "\"horizon\" : -1", "horizon"),
            ("config.json", "\"horizon\" : 16", "\"horizon\" : 9223372036854775807", "horizon"),
            ("config.json", "\"dimension\" : 4", "\"dimension\" : 0", "dimension"),
            ("config.json", "\"dimension\" : 4", "\"dimension\" : 5", "mean"),
            (
                "config.json", "\"alphabetSize\" : ", "\"alphabetSize\" : -",
                "config.json: 'alphabetSize' should be in 1 ... 1048576, found -"
            ),
            (
                "config.json", "\"alphabetSize\" : ", "\"alphabetSize\" : 21474836",
                "config.json: 'alphabetSize' should be in 1 ... 1048576, found 21474836"
            ),
            (
                "config.json", "\"smallestCoefficient\" : -", "\"smallestCoefficient\" : -9000000000",
                "config.json: 'smallestCoefficient'"
            ),
            ("config.json", "\"formatVersion\" : 1", "\"formatVersion\" : 2", "formatVersion"),
            ("config.json", "\"scale\"", "\"scales\"", "config.json"),
            ("config.json", "}", "", "config.json"),
            ("config.json", "\"merges\" : [\n      \"", "\"merges\" : [\n      \"9 ", "expected two symbols"),
            ("config.json", "\"merges\" : [\n      \"", "\"merges\" : [\n      \"9000", "merge 0: "),
            ("norm_stats.json", "\"q99\"", "\"q98\"", "norm_stats.json"),
            ("norm_stats.json", "quantiles", "decimals", "norm_stats.json"),
            ("norm_stats.json", "\"actions\"", "\"action\"", "'actions'"),
        ]
    )
    func damaged(file: String, from: String, to: String, mentioned: String) throws {
        try fast.save(to: folder)
        try change(file, from, to)
        #expect(message().contains(mentioned))
        #expect(message().contains(folder.path))
    }
}
