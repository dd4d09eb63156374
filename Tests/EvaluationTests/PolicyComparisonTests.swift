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

    @Test("scene by scene: where one policy always wins by the same scenes, so does it in every draw")
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
        #expect(comparison.rows[1].differenceInterval == ConfidenceInterval(low: 0, high: 0))
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
    }
}
