import Foundation
import Reports
import TemporaryFolder
import Testing

@Suite("The folder of a run")
struct RunFolderTests {
    @Test("names what cannot be read of it")
    func unreadable() throws {
        let folder = try TemporaryFolder()
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
        let folder = try TemporaryFolder()
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
