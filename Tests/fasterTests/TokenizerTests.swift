import Foundation
import PythonPeer
import Testing

@Suite("faster tokenizer", .timeLimit(.minutes(1)))
struct TokenizerTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(_ arguments: [String]) async throws -> String {
        try await Program.output(["tokenizer"] + arguments, in: folder)
    }

    /// The path of a tokenizer that was trained or fitted before.
    private func trained() async throws -> String {
        try await Workshop.run.value.url.appending(path: "tokenizer").path
    }

    private func fit(_ kind: String) async throws {
        _ = try await run(
            ["fit", "--kind", kind, "--data", Program.demonstrations, "--episodes", "0:4", "--out", kind]
        )
    }

    @Test("evaluate measures a trained tokenizer, FAST and binning with the same keys")
    func evaluate() async throws {
        for (tokenizer, name) in [
            (try await trained(), "fastervq"), ("fast", "fast"), ("binning", "binning"),
        ] {
            let found = try await Program.object(
                [
                    "tokenizer", "evaluate", "--tokenizer", tokenizer, "--data", Program.demonstrations,
                    "--episodes", "1:3", "--json",
                ],
                in: folder
            )
            #expect(found["tokenizer"] as? String == name)
            #expect(try #require(found["chunks"] as? Int) > 100)
            #expect(found["horizon"] as? Int == 16)
            #expect(found["dimensions"] as? Int == 4)
            #expect((found["l1_per_dimension"] as? [Double])?.count == 4)
            for key in ["compression_ratio", "bit_ratio", "l1", "mse"] {
                #expect(try #require(found[key] as? Double) > 0, "\(key)")
            }
            let vrr = try #require(found["vrr"] as? [String: [String: Double]])
            for kind in ["max_abs", "l2"] {
                for tolerance in ["0.01", "0.05", "0.1"] { #expect(vrr[kind]?[tolerance] != nil) }
            }
            let tokens = try #require(found["tokens_per_chunk"] as? [String: Double])
            #expect(try #require(tokens["max"]) >= #require(tokens["mean"]))
            let codebooks = try #require(found["codebooks"] as? [[String: Double]])
            #expect(codebooks.count == (name == "fastervq" ? 3 : 1))
            for codebook in codebooks {
                #expect(Set(codebook.keys) == ["utilization", "top_frequency", "normalized_entropy"])
                #expect(codebook.values.allSatisfy { 0 ... 1 ~= $0 })
            }
            for key in ["encode_us", "decode_us"] {
                let times = try #require(found[key] as? [String: Double])
                #expect(try #require(times["p99"]) >= #require(times["p50"]))
            }
        }
        #expect(folder.paths.isEmpty)
    }

    @Test("fit keeps FAST and binning in folders that measure like those made on the spot")
    func fitted() async throws {
        let data = try await Workshop.otherRobot.value.url.appending(path: "data").path
        for kind in ["fast", "binning"] {
            let options = ["--data", data, "--horizon", "8", "--scale", "20", "--vocabulary", "300"]
            let said = try await run(["fit", "--kind", kind, "--out", kind, "--episodes", "1:2"] + options)
            #expect(said.hasPrefix("\(kind): \(kind), an alphabet of "))
            let evaluate = ["tokenizer", "evaluate", "--episodes", "0:1", "--json"] + options
            let kept = try await Program.object(evaluate + ["--tokenizer", "./\(kind)"], in: folder)
            let made = try await Program.object(evaluate + ["--tokenizer", kind], in: folder)
            #expect(kept["horizon"] as? Int == 8)
            #expect(kept["dimensions"] as? Int == 7)
            for key in ["l1_per_dimension", "mse", "tokens_per_chunk", "bits_per_chunk", "codebooks"] {
                #expect(kept[key] as? NSObject == made[key] as? NSObject, "\(kind) \(key)")
            }
        }
    }

    @Test("encode and decode work on arrays of NumPy, with every kind of tokenizer")
    func arrays() async throws {
        try await fit("fast")
        try await fit("binning")
        func path(_ name: String) -> String { folder.url.appending(path: name).path }
        let (actions, codes, back) = (path("actions.npy"), path("codes.npy"), path("back.npy"))
        let stats = path("binning/norm_stats.json")
        _ = try await PythonPeer.run("arrays.py", ["actions", actions, stats])
        for (tokenizer, size, count, limit) in [
            (try await trained(), "16", "15", 2.0), ("fast", "1024", "varying", 0.2),
            ("binning", "256", "64", 0.003),
        ] {
            let options = ["--tokenizer", tokenizer, "--in"]
            _ = try await run(["encode"] + options + ["actions.npy", "--out", "codes.npy"])
            _ = try await PythonPeer.run("arrays.py", ["codes", codes, size, count])
            let said = try await run(["decode"] + options + ["codes.npy", "--out", "back.npy"])
            #expect(said == "back.npy: actions [5, 16, 4]\n")
            let printed = try await PythonPeer.run("arrays.py", ["compare", actions, back, stats])
            let error = Double(String(decoding: printed.dropLast(), as: UTF8.self))
            #expect(try #require(error) < limit, "\(tokenizer)")
        }
    }
}
