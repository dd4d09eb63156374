import Foundation
import Testing

@Suite("Ways to predict actions", .timeLimit(.minutes(2)))
struct HeadTests {
    @Test(
        "train, measure themselves on what is held out, and move a robot",
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
        #expect(metrics.contains("validation_loss") && metrics.contains("reconstruction_error"))
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
}
