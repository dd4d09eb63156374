import Foundation
import PythonPeer
import TemporaryFolder
import Testing

@Suite("faster tokenizer", .timeLimit(.minutes(10)))
struct TokenizerTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(_ arguments: [String]) async throws -> String {
        try await Program.output(["tokenizer"] + arguments, in: folder)
    }

    /// The path of a tokenizer that was trained or fitted before.
    private func trained() async throws -> String {
        try await Workshop.run.value.appending(path: "tokenizer").path
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

    @Test(
        "the model for robots of every kind that comes with the program measures well without training, by its name"
    )
    func universal() async throws {
        func metrics(_ tokenizer: String) async throws -> [String: Any] {
            let arguments = [
                "tokenizer", "evaluate", "--tokenizer", tokenizer, "--data", Program.demonstrations,
                "--episodes", "36:38", "--json",
            ]
            let output = try await Program.output(arguments, in: folder)
            return try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
        }
        let found = try await metrics("universal")
        #expect(try #require(found["l1"] as? Double) < 0.015)
        let vrr = try #require(found["vrr"] as? [String: [String: Double]])
        #expect(try #require(vrr["max_abs"]?["0.05"]) > 0.95)
    }

    @Test("fit keeps FAST and binning in folders that measure like those made on the spot")
    func fitted() async throws {
        let data = try await Workshop.otherRobot.value.appending(path: "data").path
        for kind in ["fast", "binning"] {
            let options = ["--data", data, "--horizon", "8", "--scale", "20", "--vocabulary", "300"]
            let said = try await run(["fit", "--kind", kind, "--out", kind, "--episodes", "1:2"] + options)
            #expect(said.hasPrefix("\(kind): \(kind), "))
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

    @Test("every evaluation in a run's folder is in its report, whatever its name")
    func reported() async throws {
        let details = ["--details", "tokenizer/evaluation/mine.json"]
        let data = ["--data", Program.demonstrations, "--episodes", "0:1"]
        _ = try await run(["evaluate", "--tokenizer", "binning"] + data + details)
        _ = try await Program.output(["report", "."], in: folder)
        let summary = try JSONSerialization.jsonObject(with: folder["summary.json"]) as? [String: Any]
        #expect((summary?["tokenizers"] as? [String: Any])?.keys.sorted() == ["binning"])
    }

    @Test("fit reads several datasets of one robot as one")
    func severalDatasets() async throws {
        func fit(_ out: String, _ parts: [String]) async throws -> Data {
            let data = parts.flatMap { ["--data", Program.demonstrations, "--episodes", $0] }
            _ = try await run(["fit", "--kind", "binning", "--out", out] + data)
            return try Data(contentsOf: folder.appending(path: "\(out)/norm_stats.json"))
        }
        let together = try await fit("together", ["0:4"])
        #expect(try await fit("apart", ["0:2", "2:4"]) == together)
        #expect(try await fit("last", ["2:4"]) != together)
    }

    @Test("a baseline's settings in its name go before options, which hold for the rest")
    func settingsInNames() async throws {
        func size(_ tokenizer: String, _ scale: String) async throws -> NSObject? {
            let options = ["--scale", scale, "--vocabulary", "300", "--tokenizer", tokenizer]
            let arguments = ["tokenizer", "evaluate", "--data", Program.demonstrations, "--episodes", "0:1"]
            let found = try await Program.object(arguments + ["--json"] + options, in: folder)
            #expect(found["tokenizer"] as? String == "fast")
            return found["tokens_per_chunk"] as? NSObject
        }
        let expected = try await size("fast", "20")
        #expect(try await size("fast:scale=20", "3") == expected && expected != nil)
        #expect(try await size("fast:scale=20:vocabulary=1024", "3") != expected)
    }

    /// L1 of `tokenizer`, after checking that it is `name`'s.
    private func l1(_ tokenizer: String, _ name: String, _ more: [String] = []) async throws -> Double {
        let found = try await Program.object(
            [
                "tokenizer", "evaluate", "--tokenizer", tokenizer, "--data", Program.demonstrations,
                "--episodes", "1:3", "--json",
            ] + more,
            in: folder
        )
        #expect(found["tokenizer"] as? String == name)
        return try #require(found["l1"] as? Double)
    }

    @Test("fit makes FASTerVQ with a linear encoder, whatever its seed, unless another kind is asked for")
    func linear() async throws {
        let fit = ["fit", "--data", Program.demonstrations, "--episodes", "0:4", "--entries", "64"]
        let said = try await run(fit + ["--positions", "5", "--codebooks", "2", "--out", "fitted"])
        #expect(
            said == "fitted: fastervq-linear, 10 tokens (2 codebooks of 64 entries) for chunks of 16 x 4\n"
        )
        let all = try await l1("fitted", "fastervq-linear")
        #expect(all < 0.1)
        #expect(try await l1("fitted:codebooks=1", "fastervq-linear") > all)
        _ = try await run(fit + ["--seed", "1", "--out", "other"])
        #expect(folder.paths.contains("other/model.safetensors"))
    }

    @Test("fit and evaluate know the other baselines that are fitted")
    func fittedBaselines() async throws {
        for kind in ["beast", "binning-uniform"] {
            try await fit(kind)
            #expect(try await l1("./\(kind)", kind) < 0.1)
            #expect(try await l1(kind, kind) < 0.1)
        }
    }

    @Test(
        "train makes the learned baselines with one command, and what it makes is opened",
        arguments: [
            ("vq-bet", "3 codebooks of 16 entries", ["vqBeT.width=16", "vqBeT.quantizer.codebookCount=3"]),
            ("vq-vla", "4 codebooks of 16 entries", ["vqVLA.widths=[4, 8]"]),
            ("oat", "a codebook of 60 entries", ["oat.width=16", "oat.headCount=2", "oat.levels=[4, 3, 5]"]),
        ]
    )
    func learnedBaselines(kind: String, size: String, settings: [String]) async throws {
        let train = [
            "train", "--kind", kind, "--data", Program.demonstrations, "--episodes", "0:1", "--out", kind,
            "--steps", "8", "--threads", "1",
        ]
        let small = [
            "optimization.batchSize=16", "vqBeT.quantizer.codebookSize=16", "vqVLA.quantizer.codebookSize=16",
        ]
        let said = try await run(train + (small + settings).flatMap { ["--set", $0] })
        #expect(said.hasPrefix("\(kind): \(kind), \(size), "))
        #expect(try await l1(kind, kind).isFinite)
        #expect(folder.paths.contains("\(kind)/metrics.jsonl"))
        #expect(!folder.paths.contains("\(kind)/checkpoint.safetensors"))
    }

    @Test("evaluate reads a folder that the public FAST processor saved")
    func publicProcessor() async throws {
        try folder.copy(
            PythonPeer.packageRoot.appending(path: "Tests/ActionTokenizersTests/Golden/fast_processor").path,
            to: "processor"
        )
        try folder.change("processor/processor_config.json") { config in
            let text = String(decoding: config, as: UTF8.self)
            return Data(text.replacing(": 3,", with: ": null,").replacing(": 12,", with: ": null,").utf8)
        }
        #expect(try await l1("processor", "fast+", ["--horizon", "8"]) < 0.1)
    }

    @Test("encode and decode work on arrays of NumPy, with every kind of tokenizer")
    func arrays() async throws {
        try await fit("fast")
        try await fit("binning")
        func path(_ name: String) -> String { folder.appending(path: name).path }
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
