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

    @Test("are compared only where there is an evaluation")
    func noComparison() async throws {
        #expect(
            try await Program.refusal(["policy", "compare", "b=+"], in: folder)
                == "expected NAME=FOLDER or NAME=FOLDER+FOLDER, found 'b=+'"
        )
    }
}
