import ActionTokenizers
import Foundation
import TemporaryFolder
import Testing

@testable import Reports

@Suite("The folder of a run")
struct RunFolderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Details of an evaluation as `faster tokenizer evaluate --details` writes them.
    private func details(_ name: String, l1: Double) -> String {
        """
        {"metrics": {"tokenizer": "\(name)", "chunks": 1, "horizon": 16, "dimensions": 4, "l1": \(l1), "mse": 0.01,
        "tokens_per_chunk": {"mean": 15, "max": 15}, "bits_per_chunk": {"mean": 180, "max": 180},
        "compression_ratio": 4, "bit_ratio": 11, "l1_per_dimension": [0.1, 0.1, 0.1, 0.1],
        "vrr": {"max_abs": {"0.05": 0.5}, "l2": {"0.05": 0.4}},
        "codebooks": [{"utilization": 0.5, "top_frequency": 0.1, "normalized_entropy": 0.8}],
        "encode_us": {"p50": 10, "p99": 20}, "decode_us": {"p50": 10, "p99": 20}},
        "examples": [], "frequencies": [[0.6, 0.4]]}
        """
    }

    @Test("Every evaluation of a tokenizer is read, FASTerVQ's with a linear encoder among them")
    func tokenizers() throws {
        let evaluations = [
            ("a-second-fast", "fast", 0.5), ("fast", "fast", 0.25),
            ("fastervq-linear", "fastervq-linear", 0.1),
        ]
        for (file, name, l1) in evaluations {
            try folder.write(details(name, l1: l1), to: "tokenizer/evaluation/\(file).json")
        }
        let run = RunFolder(folder.url)
        #expect(run.warnings.isEmpty)
        let report = run.report()
        #expect(report.tokenizers.map(\.name) == ["fastervq-linear", "fast", "fast"])
        #expect(report.tokenizers.map(\.l1) == [0.1, 0.25, 0.5])
        #expect(report.codebookUse.map(\.name) == ["codebook 1"])
        #expect(report.keyFigures.map(\.label) == ["tokens a chunk"])
        #expect(run.summary.tokenizers["fast"]?.l1 == 0.25)
    }

    @Test("A loss that is not a number interrupts its line")
    func divergence() throws {
        let lines = [
            #"{"step": 1, "loss": 2}"#, #"{"step": 2, "loss": "nan"}"#, #"{"step": 3, "loss": 1}"#,
        ]
        try folder.write(lines.joined(separator: "\n"), to: "policy/metrics.jsonl")
        let curve = try #require(RunFolder(folder.url).report().curves.first)
        let losses = try #require(curve.series.first).points.map(\.y)
        #expect(losses.map(\.isNaN) == [false, true, false])
    }

    @Test("Success of no episode is no figure")
    func noEpisodes() throws {
        let mean = #"{"success": 0, "episodes": 0, "interval": [0, 1], "steps": 0}"#
        try folder.write(#"{"tasks": {}, "mean": \#(mean)}"#, to: "evaluation/policy/summary.json")
        try folder.write("[]", to: "evaluation/policy/episodes.json")
        #expect(RunFolder(folder.url).report().keyFigures.isEmpty)
    }

    @Test("names what cannot be read of it")
    func unreadable() throws {
        try folder.write("", to: "seconds.json/file")
        try folder.write("[]", to: "facts.json")
        try folder.write("[]", to: "evaluation/policy/episodes.json")
        let run = RunFolder(folder.url)
        #expect(run.isEmpty)
        for path in ["seconds.json", "facts.json", "evaluation/policy"] {
            #expect(run.warnings.contains { $0.contains("/\(path) is left out: ") }, "\(run.warnings)")
        }
        #expect(run.warnings.count == 3)
    }

    @Test("gives every codebook its own accuracies, and the end its own")
    func accuracies() throws {
        let books = (0 ... 10).map { "\"accuracy_\($0)\":\($0)" }.joined(separator: ",")
        let line = "{\"accuracy\":5,\(books),\"accuracy_end\":20,\"step\":3}\n"
        try folder.write(line, to: "policy/metrics.jsonl")
        let curves = RunFolder(folder.url).report().curves
        let curve = try #require(curves.first { $0.title == "Policy, codes predicted right" })
        #expect(curve.series.map(\.name) == (1 ... 11).map { "codebook \($0)" } + ["end"])
        #expect(curve.series.map { $0.points[0].y } == (0 ... 10).map(Double.init) + [20])
        #expect(curve.series.allSatisfy { $0.points.count == 1 && $0.points[0].x == 3 })
    }
}
