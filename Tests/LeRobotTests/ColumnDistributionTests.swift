import Testing

@testable import LeRobot

@Suite("Quantiles in bounded memory")
struct ColumnDistributionTests {
    private let levels = ColumnSummary.levels.map(\.level)

    private func distribution(_ values: some Sequence<Float>) -> ColumnDistribution {
        var distribution = ColumnDistribution()
        for value in values { distribution.add(value) }
        return distribution
    }

    @Test("are off by at most 1/4096 of themselves, on both sides of zero")
    func near() {
        var state: UInt32 = 1
        let values = (0 ..< 20_001).map { _ -> Float in
            state = state &* 1_664_525 &+ 1_013_904_223
            let unit = Float(state >> 8) / Float(1 << 24) - 0.4
            return unit * unit * unit * 50
        }
        let exact = ColumnSummary(values, dimension: 1)
        let found = distribution(values).quantiles(levels)
        for (level, value) in found.enumerated() {
            let expected = exact.quantiles[level][0]
            #expect(abs(value - expected) <= abs(expected) / 4096, "level \(levels[level])")
        }
    }

    @Test("are exact for few distinct values, and of nothing zero")
    func distinct() {
        let values = (0 ..< 1000).map { Float([-0.3, 0, 0.1, 1][$0 % 4]) }
        #expect(
            distribution(values).quantiles([0, 0.3, 0.6, 0.9]) == [
                Double(Float(-0.3)), 0, Double(Float(0.1)), 1,
            ]
        )
        #expect(distribution([7.3, 7.3]).quantiles(levels) == levels.map { _ in Double(Float(7.3)) })
        #expect(distribution([]).quantiles(levels) == [0, 0, 0, 0, 0])
    }

    @Test("follow exact ones once more values are added than are kept")
    func totals() {
        var exact = FeatureTotals()
        var binned = FeatureTotals(maximumValues: 100)
        for episode in 0 ..< 5 {
            let values = (0 ..< 40).flatMap { row -> [Float] in [Float(row * episode), 1, -Float(row)] }
            let first = exact.add(["action": values], length: 40, images: [:])
            #expect(binned.add(["action": values], length: 40, images: [:]) == first)
        }
        let (wanted, found) = (exact.summaries()["action"], binned.summaries()["action"])
        #expect(!exact.hasBinnedQuantiles && binned.hasBinnedQuantiles)
        #expect(found?.count == 200 && found?.min == wanted?.min && found?.max == wanted?.max)
        for column in 0 ..< 3 {
            #expect(abs((found?.std[column] ?? 0) - (wanted?.std[column] ?? 1)) < 1e-9)
            #expect(abs((found?.mean[column] ?? 0) - (wanted?.mean[column] ?? 1)) < 1e-9)
            for level in 0 ..< 5 {
                let expected = wanted?.quantiles[level][column] ?? 1
                #expect(
                    abs((found?.quantiles[level][column] ?? 0) - expected) <= max(abs(expected) / 4096, 1)
                )
            }
        }
    }
}
