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
        let interval = WilsonInterval(successes: successes, trials: trials)
        #expect(abs(interval.low - low) < 1e-6)
        #expect(abs(interval.high - high) < 1e-6)
    }

    @Test("without trials everything is possible")
    func noTrials() {
        let interval = WilsonInterval(successes: 0, trials: 0)
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

    @Test("a summary counts every task alike and is written in the promised form")
    func summary() throws {
        let episodes =
            (0 ..< 4).map { EpisodeResult(task: "a", seed: $0, success: true, steps: 10, latencies: [1, 3]) }
            + (0 ..< 2).map { EpisodeResult(task: "b", seed: $0, success: $0 == 0, steps: 40, latencies: []) }
        let summary = EvaluationSummary(of: episodes)
        #expect(summary.mean.success == 0.75)
        #expect(summary.mean.interval == WilsonInterval(successes: 5, trials: 6))
        #expect(summary.tasks["b"]?.latency == nil)

        let written = try JSONSerialization.jsonObject(with: JSONEncoder().encode(summary)) as? [String: Any]
        let mean = try #require(written?["mean"] as? [String: Any])
        #expect(Set(mean.keys) == ["success", "episodes", "interval", "steps", "latency_ms"])
        #expect((mean["interval"] as? [Double])?.count == 2)
        #expect(mean["latency_ms"] as? [String: Double] == ["p50": 2, "p99": 3])
        #expect(mean["steps"] as? Double == 20)
    }

    @Test("a line of a simulator's output is an episode")
    func line() throws {
        let line =
            #"{"task": "a", "seed": 3, "success": true, "steps": 7, "latency_ms": [1.5], "video": "x.npy"}"#
        let episode = try JSONDecoder().decode(EpisodeResult.self, from: Data(line.utf8))
        #expect(
            episode
                == EpisodeResult(
                    task: "a",
                    seed: 3,
                    success: true,
                    steps: 7,
                    latencies: [1.5],
                    video: "x.npy"
                )
        )
    }
}
