import Foundation
import TemporaryFolder
import Testing

@Suite("faster evaluate, interrupted", .timeLimit(.minutes(10)))
struct InterruptedEvaluationTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func evaluate(_ out: String, _ more: String...) -> [String] {
        [
            "evaluate", "--policy", "policy", "--tasks", "drawer-open-v3,reach-v3", "--max-steps", "9",
            "--videos", "1", "--threads", "1", "--out", out,
        ] + more
    }

    /// The episodes of a finished evaluation, without the times that it took.
    private func episodes(_ out: String) throws -> [[String: NSObject]] {
        let found = try JSONSerialization.jsonObject(with: folder["\(out)/episodes.json"])
        return try #require(found as? [[String: NSObject]]).map { episode in
            episode.filter { !["latency_ms", "stages"].contains($0.key) }
        }
    }

    private struct Times: Decodable, Equatable {
        let task: String
        let seed: Int
        let latencies: [Double]

        private enum CodingKeys: String, CodingKey {
            case task, seed
            case latencies = "latency_ms"
        }
    }

    private func kill(_ arguments: [String]) async throws {
        let policy = try await Workshop.run.value.appending(path: "policy").path
        try folder.copy(policy, to: "policy")
        // The film of the second task is made once all episodes of the first are done.
        try await Running(arguments, in: folder)
            .kill(onceThereIs: folder.appending(path: "out/films/reach-v3-1000000.npy"))
    }

    @Test("goes on with the episodes that are left, and ends with the same results and films")
    func resumed() async throws {
        let arguments = evaluate("out", "--episodes", "3", "--workers", "1")
        try await kill(arguments)
        #expect(!folder.paths.contains("out/summary.json"))
        // The power is cut as a line is being written.
        try folder.change("out/episodes.jsonl") { $0 + Data(#"{"task":"reach-v3","se"#.utf8) }
        let kept = try folder["out/episodes.jsonl"].split(separator: UInt8(ascii: "\n")).dropFirst()
            .dropLast()
        #expect((3 ... 5).contains(kept.count))
        let resumed = try await Program.run(evaluate("out", "--episodes", "3", "--workers", "2"), in: folder)
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(resumed.errors.contains("out: continues with \(kept.count) of 6 episodes done"))
        _ = try await Program.output(evaluate("whole", "--episodes", "3", "--workers", "1"), in: folder)
        #expect(try episodes("out") == episodes("whole"))
        let names = { (out: String) in
            folder.paths.filter { $0.hasPrefix(out + "/") }.map { $0.dropFirst(out.count) }
        }
        #expect(Set(names("out")) == Set(names("whole")))
        #expect(folder.paths.contains("out/videos/drawer-open-v3-1000000.mp4"))
        // Times of the episodes that were kept are those of the first run: they were not run again.
        let written = try JSONDecoder().decode([Times].self, from: folder["out/episodes.json"])
        for line in kept {
            #expect(written.contains(try JSONDecoder().decode(Times.self, from: line)))
        }
        // A finished folder takes another evaluation.
        let other = try await Program.object(evaluate("out", "--episodes", "1", "--json"), in: folder)
        #expect((other["mean"] as? [String: Any])?["episodes"] as? Int == 2)
    }

    @Test("says at ctrl-C that the same command continues")
    func hint() async throws {
        let policy = try await Workshop.run.value.appending(path: "policy").path
        try folder.copy(policy, to: "policy")
        // Processes in the background begin with the signal ignored, and tests may run there.
        let run = try Running(
            ["--default-signal=INT", Program.url.path] + evaluate("out", "--episodes", "3", "--workers", "1"),
            of: URL(filePath: "/usr/bin/env"),
            in: folder
        )
        _ = try await run.said(/evaluate policy  1\/6/)
        run.interrupt()
        let outcome = try await run.outcome()
        #expect(outcome.wasKilled && outcome.status == SIGINT)
        #expect(outcome.errors.contains(/out: keeps [1-5] of 6 episodes; the same command continues/))
    }

    @Test("refuses other settings by name, and leaves what was done")
    func otherSettings() async throws {
        let arguments = evaluate("out", "--episodes", "2", "--workers", "1")
        try await kill(arguments)
        let kept = try folder["out/episodes.jsonl"]
        for (option, value, former) in [
            ("--execute", "4", "8"), ("--seed", "5", "0"), ("--temperature", "0.5", "none"),
            ("--perturbations", "light", "none"),
        ] {
            let said = try await Program.refusal(arguments + [option, value], in: folder)
            #expect(
                said.hasPrefix("\(option): expected \(former), as in the interrupted evaluation of "),
                "\(said)"
            )
            #expect(
                said.contains("/out/episodes.jsonl, found \(value); choose another --out, or remove"),
                "\(said)"
            )
        }
        let expert = try await Program.refusal(
            arguments.map { $0 == "policy" ? "expert" : $0 },
            in: folder
        )
        #expect(expert.hasPrefix("--policy: expected policy (sha256:") && expert.contains(", found expert; "))
        try folder.change("policy/model.safetensors") { $0.dropLast() + Data([$0[$0.count - 1] ^ 1]) }
        let changed = try await Program.refusal(arguments, in: folder)
        #expect(changed.hasPrefix("--policy: expected policy (sha256:"), "\(changed)")
        #expect(changed.contains(", found policy (sha256:"))
        #expect(try folder["out/episodes.jsonl"] == kept)
    }
}
