import Evaluation
import Foundation
import Testing

@Suite("Intervals and pairs")
struct IntervalTests {
    // Expected values: Newcombe 1998, table II, method 10, with a (36, 12, 2, 0) and b (20, 12, 2, 16).
    @Test(
        "differences of paired rates have their published intervals",
        arguments: [
            (PairedOutcomes(both: 36, firstOnly: 2, secondOnly: 12, neither: 0), 0.2, 0.0569, 0.3404),
            (PairedOutcomes(both: 20, firstOnly: 2, secondOnly: 12, neither: 16), 0.2, 0.0562, 0.3292),
            (PairedOutcomes(both: 20, firstOnly: 12, secondOnly: 2, neither: 16), -0.2, -0.3292, -0.0562),
        ]
    )
    func pairedIntervals(outcomes: PairedOutcomes, difference: Double, low: Double, high: Double) {
        #expect(abs(outcomes.difference - difference) < 1e-9)
        #expect(abs(outcomes.interval.low - low) < 1e-4)
        #expect(abs(outcomes.interval.high - high) < 1e-4)
    }

    @Test("pairs that all agree leave room for a difference, and none leave all room")
    func agreement() {
        let alike = PairedOutcomes(Array(repeating: true, count: 20), Array(repeating: true, count: 20))
        #expect(alike.difference == 0 && alike.pValue == 1)
        #expect(alike.interval.low < -0.1 && alike.interval.high > 0.1)
        let none = PairedOutcomes([], [])
        #expect(none.interval == ConfidenceInterval(low: -1, high: 1))
    }

    // Expected values: scipy.stats.binomtest(smaller, smaller + larger).pvalue.
    @Test(
        "McNemar's test is the exact binomial one",
        arguments: [(2, 12, 0.0129395), (5, 5, 1), (0, 6, 0.03125), (0, 0, 1), (400, 500, 0.000956)]
    )
    func mcNemar(first: Int, second: Int, expected: Double) {
        let outcomes = PairedOutcomes(both: 3, firstOnly: first, secondOnly: second, neither: 4)
        #expect(abs(outcomes.pValue - expected) < 1e-5)
        let turned = PairedOutcomes(both: 3, firstOnly: second, secondOnly: first, neither: 4)
        #expect(turned.pValue == outcomes.pValue)
    }

    // Expected values: scipy.stats.t.interval(0.95, n - 1, mean, sem).
    @Test("the mean of a few seeds has Student's interval")
    func student() throws {
        let three = try #require(ConfidenceInterval(meanOf: [1, 2, 3]))
        #expect(abs(three.low - (2 - 2.48414)) < 1e-3 && abs(three.high - (2 + 2.48414)) < 1e-3)
        let many = try #require(ConfidenceInterval(meanOf: (0 ..< 31).map(Double.init)))
        #expect(abs(many.high - 15 - 3.33502) < 1e-3)
        #expect(ConfidenceInterval(meanOf: [1]) == nil)
        #expect(ConfidenceInterval(meanOf: [5, 5]) == ConfidenceInterval(low: 5, high: 5))
    }

    @Test("resampled episodes give the spread of a mean, the same for the same seed")
    func bootstrap() {
        let count = 400
        let values = (0 ..< count).map { Double($0 % 2) }
        let ones = values.map { _ in 1.0 }
        let interval = EpisodeBootstrap(episodes: count, seed: 3).interval(of: values, over: ones)
        // The standard error of the mean is 0.5 / sqrt(400) = 0.025.
        #expect(abs(interval.low - (0.5 - 1.96 * 0.025)) < 0.006)
        #expect(abs(interval.high - (0.5 + 1.96 * 0.025)) < 0.006)
        #expect(EpisodeBootstrap(episodes: count, seed: 3).interval(of: values, over: ones) == interval)
        #expect(EpisodeBootstrap(episodes: count, seed: 4).interval(of: values, over: ones) != interval)
        // Alike episodes leave no doubt, whatever their weights.
        let weights = (0 ..< count).map { Double(1 + $0 % 7) }
        let sure = EpisodeBootstrap(episodes: count, seed: 3).interval(
            of: weights.map { 2 * $0 },
            over: weights
        )
        #expect(abs(sure.low - 2) < 1e-9 && abs(sure.high - 2) < 1e-9)
    }

    @Test("resampled trainings widen the interval of their mean by how much they differ")
    func trainings() {
        let bootstrap = EpisodeBootstrap(episodes: 20, seed: 3)
        let weights = [Double](repeating: 1, count: 20)
        let sums = (0 ..< 20).map { Double($0 % 5) }
        func width(_ offsets: [Double]) -> Double {
            let trainings = offsets.map { offset in sums.map { $0 + offset } }
            let interval = bootstrap.interval(ofTrainings: trainings, over: weights)
            return interval.high - interval.low
        }
        let single = bootstrap.interval(of: sums, over: weights)
        #expect(bootstrap.interval(ofTrainings: [sums], over: weights) == single)
        #expect(abs(width([0, 0, 0]) - (single.high - single.low)) < 1e-9)
        #expect(width([-3, 0, 3]) > 2 * width([0, 0, 0]))
        let others = [sums.map { $0 + 1 }]
        let difference = bootstrap.interval(ofTrainings: [sums], minus: others, over: weights)
        #expect(abs(difference.low + 1) < 1e-9 && abs(difference.high + 1) < 1e-9)
    }

    @Test("intervals are written as two numbers")
    func codable() throws {
        let interval = ConfidenceInterval(low: -0.5, high: 2)
        let data = try JSONEncoder().encode(interval)
        #expect(String(decoding: data, as: UTF8.self) == "[-0.5,2]")
        #expect(try JSONDecoder().decode(ConfidenceInterval.self, from: data) == interval)
    }
}
