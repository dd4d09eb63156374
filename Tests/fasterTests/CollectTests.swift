import Foundation
import LeRobot
import TemporaryFolder
import Testing

@Suite("faster collect", .timeLimit(.minutes(10)))
struct CollectTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("--resumable continues what was interrupted, with the same settings only")
    func resumable() async throws {
        func collect(_ tasks: String, _ more: String...) -> [String] {
            ["collect", "--tasks", tasks, "--episodes", "1", "--workers", "1", "--no-images"]
                + ["--resumable", "--out", "demos"] + more
        }
        let arguments = collect("reach-v3,push-v3")
        try await Running(arguments, in: folder)
            .kill(onceThereIs: folder.appending(path: "demos.tasks/reach-v3/meta/info.json"))
        let noise = try await Program.refusal(arguments + ["--noise", "0"], in: folder)
        #expect(noise.hasPrefix("--noise: expected 0.3, as in ") && noise.hasSuffix(", found 0.0"))
        let tasks = try await Program.refusal(collect("push-v3"), in: folder)
        #expect(tasks.hasPrefix("--tasks: expected reach-v3,push-v3, as in "))
        let said = try await Program.output(arguments, in: folder)
        #expect(!said.contains("reach-v3: 1 episodes") && said.contains("push-v3: 1 episodes"))
        #expect(said.contains("demos: LeRobot v3.0, 2 episodes"))
        #expect(!folder.paths.contains("demos.tasks"))
    }

    @Test("--policy acts first: demonstrations of the same scenes begin elsewhere, and are the expert's")
    func policyFirst() async throws {
        let collect = [
            "collect", "--tasks", "drawer-open-v3", "--episodes", "2", "--workers", "1", "--noise", "0",
        ]
        let lead = ["--policy", "metaworld", "--threads", "1"]
        _ = try await Program.output(collect + ["--no-images", "--out", "alone"], in: folder)
        _ = try await Program.output(collect + lead + ["--no-images", "--out", "taken-over"], in: folder)
        _ = try await Program.output(collect + lead + ["--no-images", "--out", "again"], in: folder)
        func states(_ name: String) throws -> [FrameTable.Column] {
            let dataset = try LeRobotDataset(opening: folder.appending(path: name))
            return try dataset.episodes.map {
                try #require(try dataset.numbers(ofEpisode: $0.index)["observation.state"])
            }
        }
        let (alone, takenOver) = (try states("alone"), try states("taken-over"))
        for (first, second) in zip(alone, takenOver) {
            let moved = zip(first.row(0), second.row(0)).map { abs($0 - $1) }
            #expect(moved[..<3].max() ?? 0 > 0.01)
        }
        #expect(try states("again") == takenOver)
    }

    @Test("only a policy has --execute, and only one for the robot acts")
    func refusesPolicy() async throws {
        let collect = ["collect", "--tasks", "reach-v3", "--episodes", "1", "--no-images", "--out", "demos"]
        #expect(
            try await Program.refusal(collect + ["--execute", "4"], in: folder)
                == "--execute: only a --policy makes observations"
        )
        #expect(
            try await Program.refusal(collect + ["--policy", "libero"], in: folder).contains(
                "sawyer, takes 4 columns"
            )
        )
        #expect(!folder.paths.contains("demos"))
    }
}
