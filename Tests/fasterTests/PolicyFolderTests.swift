import Foundation
import TemporaryFolder
import Testing

@Suite("Folders of policies, and of their evaluations", .timeLimit(.minutes(10)))
struct PolicyFolderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("that are tokenizers, and tokenizers that are policies, are refused for what they are")
    func otherFolders() async throws {
        let run = try await Workshop.run.value
        let (policy, tokenizer) = ("policy", "tokenizer")
        for name in [policy, tokenizer] { try folder.copy(run.appending(path: name).path, to: name) }
        for command in [
            [
                "evaluate", "--policy", tokenizer, "--tasks", "drawer-open-v3", "--episodes", "1", "--out",
                "out",
            ],
            ["serve", "--port", "0", "--policy", tokenizer], ["policy", "inspect", "--policy", tokenizer],
            ["policy", "info", "--policy", tokenizer],
        ] {
            #expect(
                try await Program.refusal(command, in: folder).hasSuffix(
                    "/tokenizer: expected a policy's folder, which 'faster policy train' writes, found a tokenizer's "
                        + "('fastervq')"
                )
            )
        }
        let data = ["--data", Program.demonstrations]
        for command in [
            ["tokenizer", "evaluate", "--tokenizer", policy] + data,
            ["policy", "train", "--tokenizer", policy, "--out", "out"] + data,
            ["tokenizer", "compare", "--tokenizers", policy, "--out", "out"] + data,
        ] {
            let said = try await Program.refusal(command, in: folder)
            #expect(
                said.contains(
                    "/policy: expected a tokenizer's folder, found a policy's; the policy's own is "
                )
            )
            #expect(said.hasSuffix("/policy/tokenizer"), "\(said)")
        }
    }

    @Test("are compared task by task, too, those first that are worse")
    func compared() async throws {
        for (name, outcomes) in [("a", [1, 1, 1, 0]), ("b", [1, 1, 0, 0])] {
            let episodes = zip(["push", "push", "reach", "reach"], outcomes).enumerated().map {
                index,
                episode in
                #"{"task": "\#(episode.0)", "seed": \#(index % 2), "success": \#(episode.1 == 1), "steps": 9, "latency_ms": []}"#
            }
            try folder.write("[\(episodes.joined(separator: ","))]", to: "\(name)/episodes.json")
        }
        let arguments = ["policy", "compare", "first=a", "second=b", "--out", "out"]
        let printed = try await Program.output(arguments, in: folder)
        let lines = printed.split(separator: "\n").suffix(3).map {
            $0.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        }
        #expect(lines[0] == "task first second difference 95 % scenes")
        #expect(lines[1].hasPrefix("reach 50 % 0 % -50.0 -") && lines[1].hasSuffix(" 2"), "\(lines)")
        #expect(lines[2].hasPrefix("push 100 % 100 % +0.0 -") && lines[2].hasSuffix(" 2"), "\(lines)")
        let found = try await Program.object(arguments + ["--json"], in: folder)
        let rows = try #require(found["rows"] as? [[String: Any]])
        let tasks = try #require(rows.last?["tasks"] as? [[String: Any]])
        #expect(rows[0]["tasks"] == nil && tasks.map { $0["task"] as? String } == ["reach", "push"])
        let page = String(decoding: try folder["out/report.html"], as: UTF8.self)
        #expect(page.contains("second beside first: success by task") && page.contains("−50.0 points ("))
    }

    @Test("are compared only where there is an evaluation")
    func noComparison() async throws {
        #expect(
            try await Program.refusal(["policy", "compare", "b=+"], in: folder)
                == "expected NAME=FOLDER or NAME=FOLDER+FOLDER, found 'b=+'"
        )
    }
}
