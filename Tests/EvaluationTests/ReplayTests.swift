import Evaluation
import Foundation
import TemporaryFolder
import Testing

@Suite("Replay")
struct ReplayTests {
    private let episodes = (0 ..< 4).map { seed in
        ReplayedEpisode(
            task: seed < 2 ? "a" : "b",
            seed: seed,
            steps: 9,
            outcomes: ["raw": seed != 3, "fast": seed == 0, "own": true]
        )
    }

    @Test("summarizes every version, and how it differs from the actions as they were")
    func summary() throws {
        let summary = ReplaySummary(
            simulator: "toy",
            seed: 5,
            tasks: ["a", "b"],
            names: ["raw", "fast", "own"],
            episodes: episodes
        )
        #expect(summary.versions.map(\.name) == ["raw", "fast", "own"])
        #expect(summary.versions.map(\.success) == [0.75, 0.25, 1])
        #expect(summary.versions[0].difference == nil)
        #expect(summary.versions[0].interval == ConfidenceInterval(successes: 3, trials: 4))
        #expect(summary.versions[1].tasks == ["a": 0.5, "b": 0])
        let (fast, own) = (
            try #require(summary.versions[1].difference), try #require(summary.versions[2].difference)
        )
        #expect((fast.lost, fast.won, fast.value) == (2, 0, -0.5))
        #expect((own.lost, own.won, own.value) == (0, 1, 0.25))
        #expect(fast.pValue == 0.5)
    }

    @Test("comes back from its folder as it was, and says which file is missing")
    func file() throws {
        let folder = try TemporaryFolder()
        let summary = ReplaySummary(
            simulator: "toy",
            seed: 0,
            tasks: ["a"],
            names: ["own"],
            episodes: episodes
        )
        try JSONEncoder().encode(summary).write(to: ReplaySummary.url(in: folder.url))
        #expect(try ReplaySummary.read(from: folder.url) == summary)
        let error = #expect(throws: ReplayError.self) {
            try ReplaySummary.read(from: URL(filePath: "/no/such"))
        }
        #expect(error?.description == "/no/such/replay.json: is missing or cannot be read")
    }

    @Test("executes an expert's episode as a server gives it back, from the same scene")
    func metaWorldReplay() async throws {
        let peer = try Peer("replay", size: 0)
        let plan = ReplayPlan(port: peer.port, tasks: ["reach-v3", "door-close-v3"], episodes: 1)
        let found = try await SimulatorRunner(simulator: metaWorld(), workers: 2).run(plan)
        #expect(found.map(\.task) == ["reach-v3", "door-close-v3"])
        #expect(found.map(\.seed) == [1_000_000, 1_000_000])
        for episode in found {
            // The peer gives actions back as they were, and at rest.
            #expect(episode.outcomes == ["raw": true, "rest": false])
            #expect(episode.steps > 10)
        }
        let messages = try peer.messages().sorted { "\($0["task"] ?? "")" > "\($1["task"] ?? "")" }
        #expect(messages.count == 2)
        for (message, episode) in zip(messages, found) {
            #expect(message["replay"] as? String == "episode")
            #expect(message["action"] as? String == "float32[\(episode.steps), 4]")
        }
    }

    @Test("refuses plans that make no sense")
    func plans() async throws {
        let runner = SimulatorRunner(simulator: try metaWorld())
        for (tasks, count) in [([String](), 1), (["reach-v3"], 0)] {
            let error = await #expect(throws: SimulatorError.self) {
                try await runner.run(ReplayPlan(port: 1, tasks: tasks, episodes: count))
            }
            #expect(error?.description.contains("needs at least one") == true)
        }
    }
}
