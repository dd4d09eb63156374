import Foundation
import Numpy
import TemporaryFolder
import Testing

@Suite("Datasets examined in several processes", .serialized, .timeLimit(.minutes(5)))
struct ExaminationProcessesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func outcomes(_ arguments: [String]) async throws -> (one: Outcome, two: Outcome) {
        let one = try await Program.run(arguments, in: folder)
        return (one, try await Program.run(arguments + ["--processes", "2"], in: folder))
    }

    @Test("have the statistics of one process")
    func statistics() async throws {
        let (one, two) = try await outcomes(["data", "stats", Program.demonstrations, "--json"])
        #expect(one.status == 0 && two.status == 0, "\(two.errors)")
        #expect(one.output.count > 1000 && one.output == two.output)
    }

    @Test("are found to be whole")
    func whole() async throws {
        let (one, two) = try await outcomes(["data", "check", Program.demonstrations])
        #expect(one.status == 0 && two.status == 0, "\(two.errors)")
        #expect(one.output == two.output)
    }

    @Test("have the findings of one process, in its order, and its exit status")
    func damaged() async throws {
        try folder.copy(Program.demonstrations, to: "data")
        let files = folder.paths.filter { $0.hasSuffix(".parquet") || $0.hasSuffix(".mp4") }.sorted()
        let tables = files.filter { $0.contains("data/data/") }
        let videos = files.filter { $0.hasSuffix(".mp4") }
        try #require(!tables.isEmpty && !videos.isEmpty)
        for file in videos { try folder.change(file) { Data($0.prefix($0.count * 2 / 3)) } }
        if tables.count > 1 { try folder.change(tables[tables.count - 1]) { Data($0.prefix(100)) } }
        let (one, two) = try await outcomes(["data", "check", "data"])
        #expect(one.status == 1 && two.status == 1, "\(two.errors)")
        #expect(one.output.contains("error: ") && one.output == two.output)
    }

    @Test(
        "are encoded to the tokens of one process, unequal parts and empty ones included",
        arguments: [1, 37]
    )
    func encoded(count: Int) async throws {
        let tokenizer = try await Workshop.run.value.appending(path: "tokenizer").path
        // The gripper stands still in the demonstrations.
        let values = (0 ..< count * 16 * 4).map { $0 % 4 == 3 ? -1 : 0.2 * sin(Float($0)) }
        try NumpyFile.write(values, shape: [count, 16, 4], to: folder.appending(path: "chunks.npy"))
        for (out, processes) in [("one", 1), ("two", 2), ("three", 3)] {
            let arguments = ["tokenizer", "encode", "--tokenizer", tokenizer, "--in", "chunks.npy"]
            let said = try await Program.output(
                arguments + ["--out", "\(out).npy", "--processes", "\(processes)"],
                in: folder
            )
            #expect(said.hasPrefix("\(out).npy: tokens [\(count), "))
            #expect(try folder["\(out).npy"] == folder["one.npy"])
        }
    }

    @Test("have the linear tokenizer of one process fitted to them, to the bit, and FAST's")
    func fitted() async throws {
        for kind in ["fastervq-linear", "fast"] {
            for (out, processes) in [("one", 1), ("three", 3)] {
                let arguments = [
                    "tokenizer", "fit", "--data", Program.demonstrations, "--episodes", "0:4", "--kind", kind,
                    "--entries", "64",
                    "--out", "\(kind)-\(out)", "--processes", "\(processes)",
                ]
                let said = try await Program.output(arguments, in: folder)
                #expect(said.split(separator: "\n").count == 1 && said.hasPrefix("\(kind)-\(out): \(kind), "))
                let files = folder.paths.filter { $0.hasPrefix("\(kind)-one/") }
                #expect(!files.isEmpty)
                for file in files {
                    let other = file.replacing("\(kind)-one/", with: "\(kind)-\(out)/")
                    #expect(try folder[file] == folder[other], "\(file)")
                }
            }
        }
    }

    @Test("are tokenized and measured as in one process")
    func tokenized() async throws {
        let tokenizer = try await Workshop.run.value.appending(path: "tokenizer").path
        let evaluation = [
            "tokenizer", "evaluate", "--data", Program.demonstrations, "--episodes", "0:5",
            "--tokenizer", tokenizer, "--json",
        ]
        let (one, two) = try await outcomes(evaluation)
        #expect(one.status == 0 && two.status == 0, "\(two.errors)")
        func metrics(_ outcome: Outcome) throws -> [String: Any] {
            let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
            return object as? [String: Any] ?? [:]
        }
        let (alone, shared) = (try metrics(one), try metrics(two))
        for name in ["tokens_per_chunk", "bits_per_chunk", "codebooks", "vrr"] {
            #expect(alone[name] != nil && alone[name] as? NSObject == shared[name] as? NSObject, "\(name)")
        }
        for name in ["chunks", "l1", "mse"] {
            let (expected, found) = (alone[name] as? Double ?? 0, shared[name] as? Double ?? -1)
            #expect(expected > 0 && abs(expected - found) < 1e-6 * expected, "\(name)")
        }
    }
}
