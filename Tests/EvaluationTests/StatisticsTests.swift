import Evaluation
import Foundation
import Testing

@Suite("Statistics")
struct StatisticsTests {
    // Expected values: scipy.stats.binomtest(successes, trials).proportion_ci(method="wilson").
    @Test(
        "Wilson's interval has its published values",
        arguments: [
            (20, 20, 0.8388748, 1), (10, 20, 0.2992980, 0.7007020), (0, 20, 0, 0.1611252),
            (47, 50, 0.8378291, 0.9793850),
        ]
    )
    func wilson(successes: Int, trials: Int, low: Double, high: Double) {
        let interval = ConfidenceInterval(successes: successes, trials: trials)
        #expect(abs(interval.low - low) < 1e-6)
        #expect(abs(interval.high - high) < 1e-6)
    }

    @Test("without trials everything is possible")
    func noTrials() {
        let interval = ConfidenceInterval(successes: 0, trials: 0)
        #expect((interval.low, interval.high) == (0, 1))
    }

    // Expected values: numpy.percentile([3, 1, 2, 10], [50, 99]).
    @Test("percentiles are numpy's")
    func percentiles() throws {
        let summary = try #require(Percentiles(of: [3, 1, 2, 10]))
        #expect(summary.p50 == 2.5)
        #expect(abs(summary.p99 - 9.79) < 1e-9)
        #expect(Percentiles(of: []) == nil)
        #expect([7.0].percentile(0.99) == 7)
    }

    @Test("success at the last step stands beside success at any, where the benchmark asks for both")
    func lastStep() throws {
        func episode(_ task: String, _ last: Bool?) -> EpisodeResult {
            EpisodeResult(
                task: task,
                seed: 1,
                success: true,
                successAtLastStep: last,
                steps: 60,
                latencies: []
            )
        }
        let episodes = [true, true, true, false].map { episode("a", $0) } + [episode("b", false)]
        let summary = EvaluationSummary(of: episodes)
        #expect(summary.mean.success == 1)
        #expect(summary.tasks["a"]?.lastStep?.success == 0.75)
        #expect(summary.mean.lastStep?.success == 0.375)
        #expect(summary.mean.lastStep?.interval == ConfidenceInterval(successes: 3, trials: 5))
        #expect(EvaluationSummary(of: [episode("a", nil)]).mean.lastStep == nil)

        let json = try #require(String(data: JSONEncoder().encode(episodes[3]), encoding: .utf8))
        #expect(json.contains(#""success_at_last_step":false"#))
        let data = try JSONEncoder().encode(summary)
        #expect(try JSONDecoder().decode(EvaluationSummary.self, from: data) == summary)
    }

    @Test("a summary counts every task alike and is written in the promised form")
    func summary() throws {
        let episodes =
            (0 ..< 4).map { EpisodeResult(task: "a", seed: $0, success: true, steps: 10, latencies: [1, 3]) }
            + (0 ..< 2).map { EpisodeResult(task: "b", seed: $0, success: $0 == 0, steps: 40, latencies: []) }
        let summary = EvaluationSummary(of: episodes)
        #expect(summary.mean.success == 0.75)
        #expect(summary.mean.interval == ConfidenceInterval(successes: 5, trials: 6))
        #expect(summary.tasks["b"]?.latency == nil)

        #expect(summary.mean.jerk == nil)
        let moved = [0.25, nil, 0.75].map {
            EpisodeResult(task: "a", seed: 1, success: true, steps: 9, latencies: [], jerk: $0)
        }
        #expect(TaskSummary(of: moved).jerk == 0.5)

        #expect(summary.mean.tokens == nil && summary.mean.forwards == nil)
        let chunks = [[5, 10], [15], nil].map {
            EpisodeResult(
                task: "a",
                seed: 1,
                success: true,
                steps: 9,
                latencies: [],
                tokens: $0,
                forwards: $0?.map { $0 / 5 }
            )
        }
        #expect(TaskSummary(of: chunks).tokens == 10 && TaskSummary(of: chunks).forwards == 2)

        let stages = [[1.0, 3], [5]].map { times in
            EpisodeResult(
                task: "a",
                seed: 1,
                success: true,
                steps: 9,
                latencies: [],
                stages: [
                    .init(name: "prefix", milliseconds: times), .init(name: "block 1", milliseconds: [2]),
                ]
            )
        }
        let found = try #require(EvaluationSummary(of: stages).stages)
        #expect(found.map(\.name) == ["prefix", "block 1"] && found.map(\.predictions) == [3, 2])
        #expect(found.map(\.times.p50) == [3, 2])
        #expect(summary.stages == nil)

        let written = try JSONSerialization.jsonObject(with: JSONEncoder().encode(summary)) as? [String: Any]
        let mean = try #require(written?["mean"] as? [String: Any])
        #expect(Set(mean.keys) == ["success", "episodes", "interval", "steps", "latency_ms"])
        #expect((mean["interval"] as? [Double])?.count == 2)
        #expect(mean["latency_ms"] as? [String: Double] == ["p50": 2, "p99": 3])
        #expect(mean["steps"] as? Double == 20)
    }

    private func episodes(_ task: String, _ successes: Int, of count: Int) -> [EpisodeResult] {
        (0 ..< count).map {
            EpisodeResult(task: task, seed: $0, success: $0 < successes, steps: 1, latencies: [])
        }
    }

    private let groups = [
        TaskGroup(name: "easy", tasks: ["a", "b", "c"]), TaskGroup(name: "medium", tasks: ["d"]),
        TaskGroup(name: "hard", tasks: ["e"]),
    ]

    @Test("groups count their tasks alike, and the macro average its groups")
    func grouped() throws {
        let found = episodes("a", 20, of: 20) + episodes("b", 10, of: 20) + episodes("e", 6, of: 20)
        let summary = EvaluationSummary(of: found, groups: groups)
        let written = try #require(summary.groups)
        #expect(written.map(\.name) == ["easy", "hard"])
        #expect(written.map(\.tasks) == [2, 1])
        #expect(written.map(\.success) == [0.75, 0.3])
        #expect(written[0].interval == ConfidenceInterval(successes: 30, trials: 40))
        let macro = try #require(summary.macro)
        #expect(abs(macro.success - 0.525) < 1e-12)
        // Standard error: half of the hard task's 0.102 and a quarter of task b's 0.112, independent of each other.
        let interval = try #require(macro.interval)
        let error = ((0.25 * 0.3 * 0.7 + 0.0625 * 0.25) / 20).squareRoot()
        #expect(abs(interval.low - (0.525 - 1.96 * error)) < 0.02)
        #expect(abs(interval.high - (0.525 + 1.96 * error)) < 0.02)
        #expect(EvaluationSummary(of: found.reversed(), groups: groups).macro?.success == macro.success)
        let data = try JSONEncoder().encode(summary)
        #expect(try JSONDecoder().decode(EvaluationSummary.self, from: data) == summary)
    }

    @Test("one group has no macro average, one episode a task no interval, and tasks without groups neither")
    func ungrouped() {
        #expect(EvaluationSummary(of: episodes("a", 1, of: 2), groups: groups).macro == nil)
        let single = EvaluationSummary(of: episodes("a", 1, of: 1) + episodes("d", 0, of: 1), groups: groups)
        #expect(single.macro?.success == 0.5 && single.macro?.interval == nil)
        #expect(EvaluationSummary(of: episodes("z", 1, of: 2), groups: groups).groups == nil)
    }

    @Test("perturbed episodes stand beside the plain ones of the same seeds, and count nowhere else")
    func perturbed() throws {
        func episodes(_ perturbation: String?, _ outcomes: [Bool]) -> [EpisodeResult] {
            outcomes.enumerated().map {
                EpisodeResult(
                    task: $0 < 2 ? "a" : "b",
                    seed: $0,
                    perturbation: perturbation,
                    success: $1,
                    steps: 1,
                    latencies: []
                )
            }
        }
        let found =
            episodes(nil, [true, true, false, true]) + episodes("light", [true, false, true, false])
            + episodes("actions", [true, true, false, true]).reversed()
        let summary = EvaluationSummary(of: found)
        #expect(summary.mean.episodes == 4 && summary.mean.success == 0.75)
        let rows = try #require(summary.perturbations)
        #expect(rows.map(\.name) == ["light", "actions"])
        #expect(rows.map(\.success) == [0.5, 0.75])
        #expect(rows[0].tasks == ["a": 0.5, "b": 0.5])
        #expect(
            rows[0].difference
                == PairedDifference(PairedOutcomes(both: 1, firstOnly: 2, secondOnly: 1, neither: 0))
        )
        #expect(
            rows[1].difference
                == PairedDifference(PairedOutcomes(both: 3, firstOnly: 0, secondOnly: 0, neither: 1))
        )
        let data = try JSONEncoder().encode(summary)
        #expect(try JSONDecoder().decode(EvaluationSummary.self, from: data) == summary)
        #expect(found.map(\.name).prefix(5).suffix(2) == ["b-3", "a-light-0"])
    }

    @Test("a line of a simulator's output is an episode")
    func line() throws {
        let line =
            #"{"task": "a", "seed": 3, "success": true, "steps": 7, "latency_ms": [1.5], "tokens": [5, 15], "forwards": [1, 3], "jerk": 0.5, "video": "x.npy"}"#
        let episode = try JSONDecoder().decode(EpisodeResult.self, from: Data(line.utf8))
        #expect(
            episode
                == EpisodeResult(
                    task: "a",
                    seed: 3,
                    success: true,
                    steps: 7,
                    latencies: [1.5],
                    tokens: [5, 15],
                    forwards: [1, 3],
                    jerk: 0.5,
                    video: "x.npy"
                )
        )
    }
}
