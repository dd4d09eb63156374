import Foundation
import PythonPeer
import TemporaryFolder
import Testing

@Suite("faster tokenizer compare and replay", .timeLimit(.minutes(10)))
struct CompareTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func compare(_ tokenizers: String, _ more: [String] = []) async throws -> [String: Any] {
        try await Program.object(
            [
                "tokenizer", "compare", "--data", Program.demonstrations, "--tokenizers", tokenizers,
                "--episodes",
                "0:2", "--out", "out", "--threads", "1", "--json",
            ] + more,
            in: folder
        )
    }

    private func points(_ found: [String: Any], _ dataset: Int = 0) throws -> [[String: Any]] {
        let datasets = try #require(found["datasets"] as? [[String: Any]])
        return try #require(datasets[dataset]["operating_points"] as? [[String: Any]])
    }

    @Test("compares trained tokenizers with baselines, and writes the page and its numbers")
    func compare() async throws {
        let tokenizer = try await Workshop.run.value.appending(path: "tokenizer").path
        let all = try points(try await compare("own=\(tokenizer):early-end=0.3,own=\(tokenizer)"))
        #expect(all.count == 4)
        let early = try #require(all.first { $0["point_label"] as? String == "early-end=0.3" })
        let forwards = try #require((early["forwards_per_chunk"] as? [String: Double])?["mean"])
        #expect(forwards >= 1 && forwards <= 3)
        let found = try await compare("own=\(tokenizer)+\(tokenizer),fast,fast:scale=5,binning")
        let points = try points(found)
        #expect(
            points.compactMap { $0["curve"] as? String }
                == ["own", "own", "own", "fast", "fast", "binning"]
        )
        #expect(points.prefix(3).allSatisfy { $0["seeds"] as? Int == 2 })
        #expect(points[3]["point_label"] as? String == "scale=5")
        #expect(points.filter { $0["encode_us"] != nil }.count == 4)
        let results = try #require(
            (found["datasets"] as? [[String: Any]])?[0]["results"] as? [[String: Any]]
        )
        #expect(results.count == 9)
        let page = String(decoding: try folder["out/report.html"], as: UTF8.self)
        #expect(page.hasSuffix("</html>\n") && page.contains("id=\"dataset-1\""))
        #expect(page.contains(" --episodes 0:2 --horizon 16 --seed 0 --out out"))
        let written = try JSONSerialization.jsonObject(with: folder["out/compare.json"]) as? NSDictionary
        #expect(written == found as NSDictionary)
    }

    @Test("says what is being fitted, and how far it is")
    func progress() async throws {
        let outcome = try await Program.run(
            [
                "tokenizer", "compare", "--data", Program.demonstrations, "--episodes", "0:2", "--out", "out",
                "--tokenizers", "fast,fastervq-linear:codebooks=2:entries=16", "--threads", "1",
            ],
            in: folder
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("compare  ") }
        #expect(lines.first?.hasPrefix("compare  0/4") == true)
        #expect(lines.first?.hasSuffix("metaworld-mini: fitting fast") == true, "\(lines)")
        let linear = lines.first { $0.contains("fitting fastervq-linear") }
        #expect(linear?.hasPrefix("compare  1/4") == true, "\(lines)")
        #expect(linear?.hasSuffix("fitting fastervq-linear (codebooks=2, entries=16)") == true, "\(lines)")
        #expect(lines.last?.hasPrefix("compare  4/4  in ") == true, "\(lines)")
    }

    @Test("gives baselines the numbers that evaluate gives them")
    func likeEvaluate() async throws {
        let point = try #require(try points(try await compare("fast")).first)
        let evaluated = try await Program.object(
            [
                "tokenizer", "evaluate", "--tokenizer", "fast", "--data", Program.demonstrations,
                "--episodes", "0:2",
                "--json",
            ],
            in: folder
        )
        let value = (point["l1"] as? [String: Any])?["value"] as? Double
        #expect(abs(try #require(value) - (evaluated["l1"] as? Double ?? .nan)) < 1e-6)
        #expect(point["bits_per_chunk"] as? NSObject == evaluated["bits_per_chunk"] as? NSObject)
    }

    @Test(
        "takes folders that the public FAST processor saved, with chunks of their length or of any",
        arguments: [("12", 12), ("null", 16)]
    )
    func publicProcessor(written: String, horizon: Int) async throws {
        let golden = PythonPeer.packageRoot.appending(
            path: "Tests/ActionTokenizersTests/Golden/fast_processor"
        )
        try folder.copy(golden.path, to: "processor")
        try folder.change("processor/processor_config.json") { config in
            let text = String(decoding: config, as: UTF8.self)
                .replacing("\"action_dim\": 3", with: "\"action_dim\": null")
                .replacing("\"time_horizon\": 12", with: "\"time_horizon\": \(written)")
            return Data(text.utf8)
        }
        let found = try await compare("processor,fast")
        #expect(try points(found).compactMap { $0["curve"] as? String } == ["processor", "fast"])
        #expect((found["datasets"] as? [[String: Any]])?.first?["horizon"] as? Int == horizon)
    }

    @Test("serves other robots' networks on held-out datasets, and refuses them elsewhere")
    func heldOut() async throws {
        let other = try await Workshop.otherRobot.value
        let tokenizer = other.appending(path: "tokenizer").path
        let arguments = [
            "tokenizer", "compare", "--tokenizers", tokenizer, "--episodes", "0:1", "--out", "out",
        ]
        let refusal = try await Program.refusal(arguments + ["--data", Program.demonstrations], in: folder)
        #expect(refusal.contains("is for actions of 7 columns, the dataset has 4"))
        let neither = try await Program.refusal(arguments, in: folder)
        #expect(neither.contains("expected --data DIR or --held-out DIR, found neither"))
        let data = other.appending(path: "data").path
        let found = try await Program.object(
            arguments + ["--data", data, "--held-out", data, "--json"],
            in: folder
        )
        let datasets = try #require(found["datasets"] as? [[String: Any]])
        #expect(datasets.map { $0["held_out"] as? Bool } == [false, true])
    }

    @Test(
        "refuses lists of tokenizers that make no sense, in a sentence",
        arguments: [
            ("fast,fast", "'fast' occurs twice"),
            ("fast:scael=5", "should be one of the settings positions, codebooks, entries"),
            ("fast:horizon=0", "fast: 'horizon' should be a number from 1 on, found 0"),
            ("a-{0,1", "as many '{' as '}'"), ("fast+binning", "give it once"),
            ("", "expected a folder or one of fastervq-linear, fast, beast"),
            ("/no/such", "/no/such: no such folder"),
            ("fast:early-end=0.05", "'fast' cannot end chunks early"),
            (
                "fast:early-end=little",
                "early-end: expected a tolerance above 0 in normalised units, found 'little'"
            ),
        ]
    )
    func refusals(tokenizers: String, message: String) async throws {
        let said = try await Program.refusal(
            [
                "tokenizer", "compare", "--data", Program.demonstrations, "--tokenizers", tokenizers, "--out",
                "out",
                "--episodes", "0:2",
            ],
            in: folder
        )
        #expect(said.contains(message), "\(said)")
    }

    @Test("replays experts' episodes through tokenizers, and shows the result in a comparison")
    func replay() async throws {
        let found = try await Program.object(
            [
                "tokenizer", "replay", "--tokenizers", "raw,binning,fast:scale=0.2", "--data",
                Program.demonstrations,
                "--tasks", "reach-v3,door-close-v3", "--episodes", "1", "--out", "replay", "--json",
            ],
            in: folder
        )
        let versions = try #require(found["versions"] as? [[String: Any]])
        #expect(versions.compactMap { $0["name"] as? String } == ["raw", "binning", "fast (scale=0.2)"])
        #expect(versions[0]["success"] as? Double == 1)
        #expect(versions[0]["difference"] == nil && versions[1]["difference"] != nil)
        let written = try JSONSerialization.jsonObject(with: folder["replay/replay.json"]) as? NSDictionary
        #expect(written == found as NSDictionary)
        let compared = try await compare("binning", ["--replay", "replay"])
        #expect((compared["replays"] as? [NSDictionary]) == [found as NSDictionary])
        let page = String(decoding: try folder["out/report.html"], as: UTF8.self)
        #expect(page.contains("id=\"replay\"") && page.contains(" --horizon 16 --replay replay --seed 0"))
    }

    @Test("a replay says what is missing before anything runs")
    func replayRefusals() async throws {
        let arguments = ["tokenizer", "replay", "--tasks", "reach-v3", "--episodes", "1", "--out", "replay"]
        let said = try await Program.refusal(arguments + ["--tokenizers", "fast"], in: folder)
        #expect(said.contains("--data: 'fast' needs a dataset to be fitted to"))
        let other = try await Workshop.otherRobot.value.appending(path: "tokenizer").path
        let raw = try await Program.refusal(arguments + ["--tokenizers", "raw=\(other)"], in: folder)
        #expect(raw.contains("expected another name than 'raw', that of the original actions"))
        let robot = try await Program.refusal(arguments + ["--tokenizers", other], in: folder)
        #expect(
            robot.hasPrefix(
                "the tokenizer is for actions of 7 columns; the simulator's robot, sawyer, takes 4"
            )
        )
    }
}
