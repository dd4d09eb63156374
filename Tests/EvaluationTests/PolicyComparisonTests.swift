import Evaluation
import Foundation
import Testing

@Suite("Policies compared")
struct PolicyComparisonTests {
    /// Episodes of one task with seeds from 0 on.
    private func episodes(_ outcomes: [Bool], latency: Double = 10) -> [EpisodeResult] {
        outcomes.enumerated().map {
            EpisodeResult(task: "push", seed: $0, success: $1, steps: 50, latencies: [latency])
        }
    }

    @Test("scene by scene: where one policy always wins by the same scenes, so does it in every resample")
    func paired() throws {
        let half = (0 ..< 40).map { $0 % 2 == 0 }
        let most = (0 ..< 40).map { $0 % 4 != 1 }
        let comparison = try PolicyComparison([
            .init(name: "base", evaluations: [episodes(half)]),
            .init(name: "better", evaluations: [episodes(most, latency: 5), episodes(most, latency: 5)]),
        ])
        let (base, better) = (comparison.rows[0], comparison.rows[1])
        #expect(base.success == 0.5 && base.difference == nil && base.scenes == 40)
        #expect(better.success == 0.75 && better.evaluations == [0.75, 0.75] && better.difference == 0.25)
        let interval = try #require(better.differenceInterval)
        // A paired difference is known better than each of the rates it is between.
        #expect(interval.low > 0 && interval.high < 0.45)
        #expect(interval.high - interval.low < base.interval.high - base.interval.low)
        #expect(better.latency?.p50 == 5)
        let written = try JSONEncoder().encode(comparison)
        #expect(try JSONDecoder().decode(PolicyComparison.self, from: written) == comparison)
    }

    @Test("in any order of episodes")
    func order() throws {
        let outcomes = (0 ..< 30).map { $0 % 3 == 0 }
        let comparison = try PolicyComparison([
            .init(name: "a", evaluations: [episodes(outcomes)]),
            .init(name: "b", evaluations: [episodes(outcomes).reversed()]),
        ])
        #expect(comparison.rows[1].difference == 0)
        let interval = try #require(comparison.rows[1].differenceInterval)
        #expect(interval.low < 0 && abs(interval.high + interval.low) < 1e-9)
    }

    @Test("with the certainty that one evaluation gives, and no more, where every episode succeeds")
    func always() throws {
        let all = episodes(Array(repeating: true, count: 20))
        let comparison = try PolicyComparison([
            .init(name: "a", evaluations: [all]), .init(name: "b", evaluations: [all]),
            .init(name: "c", evaluations: [all, episodes((0 ..< 20).map { $0 < 10 })]),
            .init(name: "d", evaluations: [all, all, all]),
        ])
        let wilson = ConfidenceInterval(successes: 20, trials: 20)
        let paired = PairedOutcomes(both: 20, firstOnly: 0, secondOnly: 0, neither: 0).interval
        for row in comparison.rows.prefix(2) + comparison.rows.suffix(1) {
            #expect(row.success == 1 && row.interval == ConfidenceInterval(low: wilson.low, high: 1))
        }
        for row in [comparison.rows[1], comparison.rows[3]] {
            #expect(row.difference == 0 && row.differenceInterval == paired)
        }
        #expect(paired.low < -0.1 && paired.high > 0.1)
        // Two trainings of which one is as good as the first policy do not show that theirs is worse.
        let several = try #require(comparison.rows[2].differenceInterval)
        #expect(comparison.rows[2].difference == -0.25 && several.low < -0.5 && several.high == 0)
    }

    @Test("task by task on the task's own scenes, the largest loss first")
    func tasks() throws {
        func evaluation(_ tasks: [(String, [Bool])]) -> [EpisodeResult] {
            tasks.flatMap { task, outcomes in
                outcomes.enumerated().map {
                    EpisodeResult(task: task, seed: $0, success: $1, steps: 9, latencies: [])
                }
            }
        }
        let base = evaluation([("a", [true, true, false]), ("b", [false, false]), ("c", [true, false])])
        let own = evaluation([("c", [true, false]), ("a", [false, true, false]), ("b", [true, false])])
        let single = try PolicyComparison([
            .init(name: "base", evaluations: [base]), .init(name: "own", evaluations: [own]),
        ])
        let rows = try #require(single.rows[1].tasks)
        #expect(single.rows[0].tasks == nil)
        #expect(rows.map(\.task) == ["a", "c", "b"] && rows.map(\.scenes) == [3, 2, 2])
        #expect(rows.map(\.difference) == [1.0 / 3 - 2.0 / 3, 0, 0.5])
        #expect(rows.map(\.baseline) == [2.0 / 3, 0.5, 0] && rows.map(\.success) == [1.0 / 3, 0.5, 0.5])
        #expect(rows[0].interval == PairedOutcomes(both: 1, firstOnly: 1, secondOnly: 0, neither: 1).interval)
        let several = try PolicyComparison([
            .init(name: "base", evaluations: [base]), .init(name: "own", evaluations: [own, base]),
        ])
        let halves = try #require(several.rows[1].tasks)
        #expect(halves.map(\.task) == ["a", "c", "b"] && abs(halves[0].difference + 1.0 / 6) < 1e-12)
        #expect(halves[0].interval.low < halves[0].difference && halves[0].interval.high >= 0)
        // Scenes that both trainings and the other policy solve alike still are but two.
        #expect(halves[1].interval.low < 0 && halves[1].interval.high > 0)
    }

    @Test("without the episodes that were perturbed")
    func perturbed() throws {
        let plain = episodes([true, false, true, true])
        let dark = plain.map {
            EpisodeResult(
                task: $0.task,
                seed: $0.seed,
                perturbation: "light",
                success: false,
                steps: 900,
                latencies: []
            )
        }
        let comparison = try PolicyComparison([
            .init(name: "a", evaluations: [plain + dark]), .init(name: "b", evaluations: [plain]),
        ])
        #expect(comparison.rows.map(\.success) == [0.75, 0.75])
        #expect(comparison.rows[0].evaluations == [0.75] && comparison.rows[0].steps == 50)
    }

    @Test("not on other scenes, which the error names")
    func otherScenes() {
        let all = episodes([true, false, true])
        for (other, reason) in [
            (Array(all.dropLast()), "b: has 2 scenes, a has 3"),
            (
                all.dropLast() + [
                    EpisodeResult(task: "push", seed: 9, success: true, steps: 1, latencies: [])
                ],
                "b: lacks push with seed 2, which a has"
            ),
        ] {
            let error = #expect(throws: ComparisonError.self) {
                try PolicyComparison([
                    .init(name: "a", evaluations: [all]), .init(name: "b", evaluations: [other]),
                ])
            }
            #expect(error?.description.hasPrefix(reason) == true)
        }
        #expect(throws: ComparisonError.self) { try PolicyComparison([]) }
        let error = #expect(throws: ComparisonError.self) {
            try PolicyComparison([.init(name: "a", evaluations: [all]), .init(name: "b", evaluations: [])])
        }
        #expect(error?.description == "b: has no evaluation")
    }
}
