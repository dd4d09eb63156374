import Foundation
import TemporaryFolder
import Testing

@Suite("Action heads", .timeLimit(.minutes(10)))
struct HeadTests {
    @Test(
        "are trained, validated on held-out episodes, and move a robot",
        arguments: ["blocks-without-expert", "tokens", "fast", "binning", "flow", "regression"]
    )
    func heads(head: String) async throws {
        let run = try await Workshop.run.value
        let needsTokenizer = ["blocks-without-expert", "tokens"].contains(head)
        let train =
            ["policy", "train", "--data", Program.demonstrations, "--episodes", "0:1", "--held-out", "1:2"]
            + [
                "--head", head, "--steps", "2", "--out", head, "--threads", "1", "--set",
                "validationExamples=8",
            ]
            + (needsTokenizer ? ["--tokenizer", "tokenizer"] : []) + Workshop.policySettings
        _ = try await Program.output(train, in: run)
        let metrics = try String(decoding: run["\(head)/metrics.jsonl"], as: UTF8.self)
        for name in ["validation_loss", "reconstruction_error", "validation_object_pose_loss"] {
            #expect(metrics.contains(name))
        }
        let evaluate =
            [
                "evaluate", "--policy", head, "--tasks", "drawer-open-v3", "--episodes", "1", "--max-steps",
                "10",
            ]
            + ["--workers", "1", "--threads", "1", "--out", "evaluation/\(head)", "--json"]
        let found = try await Program.object(evaluate, in: run)
        let mean = try #require(found["mean"] as? [String: Any])
        #expect(mean["steps"] as? Double == 10)
    }

    @Test("of blocks end chunks early where they are trained to")
    func earlyEnd() async throws {
        let run = try await Workshop.run.value
        let train =
            ["policy", "train", "--data", Program.demonstrations, "--episodes", "0:1", "--held-out", "1:2"]
            + ["--tokenizer", "tokenizer", "--steps", "2", "--out", "early", "--threads", "1"]
            + ["--set", "validationExamples=8", "--set", "earlyEnd.tolerance=0.3"] + Workshop.policySettings
        _ = try await Program.output(train, in: run)
        let metrics = try String(decoding: run["early/metrics.jsonl"], as: UTF8.self)
        for name in ["accuracy_end", "validation_accuracy_end"] { #expect(metrics.contains(name)) }
        let info = try await Program.output(["policy", "info", "--policy", "early"], in: run)
        #expect(info.contains("at most 15 tokens in 3 forwards a chunk, codebooks: 3; ends early within 0.3"))
        let evaluate =
            [
                "evaluate", "--policy", "early", "--tasks", "drawer-open-v3", "--episodes", "1", "--workers",
                "1",
            ]
            + ["--max-steps", "10", "--threads", "1", "--out", "evaluation/early"]
        for (threshold, size) in [("0", "5.00 tokens, 1.00 forwards"), ("1", "15.00 tokens, 3.00 forwards")] {
            let said = try await Program.output(evaluate + ["--end-threshold", threshold], in: run)
            #expect(said.contains("a chunk, means: \(size)"), "\(said)")
        }
    }

    @Test("have a size, and work beside the machine's limits")
    func inspection() async throws {
        let run = try await Workshop.run.value
        let inspect = ["policy", "inspect", "--policy", "metaworld", "--threads", "1"]
        let found = try await Program.object(inspect + ["--json"], in: run)
        let parts = try #require(found["parts"] as? [[String: Any]])
        let parameters = parts.compactMap { $0["parameters"] as? Int }.reduce(0, +)
        let bytes = parts.compactMap { $0["bytes"] as? Int }.reduce(0, +)
        #expect(parameters > 3_000_000 && bytes == 4 * parameters)
        #expect(found["forwards"] as? Int == 3)
        let stages = try #require(found["stages"] as? [[String: Any]])
        #expect(stages.compactMap { $0["name"] as? String } == ["prefix", "decoding"])
        #expect(
            stages.allSatisfy { ($0["flops"] as? Int ?? 0) > 1_000_000 && ($0["limit"] as? Double ?? 0) > 0 }
        )
        let text = try await Program.output(inspect, in: run)
        #expect(text.contains("backbone.layers") && text.contains("GB/s"), "\(text)")
    }

    @Test("without adapters have nothing to merge, and say so")
    func nothingToMerge() async throws {
        let run = try await Workshop.run.value
        let said = try await Program.refusal(
            ["policy", "merge", "--policy", "metaworld", "--out", "merged"],
            in: run
        )
        #expect(said.contains("backbone.pretrained.adapter"), "\(said)")
    }

    @Test("are evaluated in rollouts while they are trained")
    func rollouts() async throws {
        let run = try await Workshop.run.value
        let train =
            ["policy", "train", "--data", Program.demonstrations, "--episodes", "0:1", "--out", "watched"]
            + ["--tokenizer", "tokenizer", "--steps", "11", "--threads", "1"]
            + ["--rollout-tasks", "drawer-open-v3", "--rollout-every", "10", "--rollout-episodes", "1"]
            + Workshop.policySettings + ["--set", "backbone.imageSize=64"]
        _ = try await Program.output(train, in: run)
        let configuration = try String(decoding: run["watched/config.json"], as: UTF8.self)
        #expect(configuration.contains("\"height\" : 64"))
        let lines = try String(decoding: run["watched/metrics.jsonl"], as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 2 && !lines[0].contains("success"))
        #expect(lines[1].contains("\"success\":"))
        let summary = try JSONSerialization.jsonObject(with: run["watched/rollouts/step-10/summary.json"])
        let mean = try #require((summary as? [String: Any])?["mean"] as? [String: Any])
        #expect(mean["episodes"] as? Int == 1)
        let wrong = try await Program.run(
            train.map { ["drawer-open-v3": "dance-v3", "watched": "danced"][$0] ?? $0 },
            in: run
        )
        #expect(wrong.status != 0 && wrong.errors.contains("dance-v3"))
    }
}
