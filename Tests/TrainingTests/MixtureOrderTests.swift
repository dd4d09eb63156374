import Testing

@testable import Training

@Suite("The order of a mixture")
struct MixtureOrderTests {
    private func order(_ weights: [Double], seed: UInt64 = 3) -> MixtureOrder {
        MixtureOrder(
            counts: [10, 7, 30].prefix(weights.count).map { $0 },
            weights: weights,
            batchSize: 4,
            seed: seed
        )
    }

    @Test(
        "gives every source its share of the examples, at every step",
        arguments: [[3, 1], [0.2, 0.5, 0.3]]
    )
    func shares(weights: [Double]) {
        var order = order(weights)
        var drawn = weights.map { _ in 0 }
        for step in 0 ..< 200 {
            for part in order.parts(step: step) { drawn[part.source] += part.indices.count }
            for (source, count) in drawn.enumerated() {
                let share = weights[source] / weights.reduce(0, +) * Double(4 * (step + 1))
                #expect(abs(Double(count) - share) < Double(weights.count - 1))
            }
        }
    }

    @Test("depends on seed and step only, and visits all examples of a source once an epoch")
    func pure() {
        var whole = order([3, 1])
        let parts = (0 ..< 30).map { whole.parts(step: $0) }
        var late = order([3, 1])
        #expect(late.parts(step: 17) == parts[17])
        #expect(late.parts(step: 2) == parts[2])
        var other = order([3, 1], seed: 4)
        #expect((0 ..< 3).map { other.parts(step: $0) } != Array(parts.prefix(3)))
        for (source, count) in [(0, 10), (1, 7)] {
            let indices = parts.flatMap { $0 }.filter { $0.source == source }.flatMap(\.indices)
            #expect(Set(indices.prefix(count)) == Set(0 ..< count))
        }
    }

    @Test("of one source is that of its epochs")
    func single() {
        var mixture = order([5])
        var epochs = EpochOrder(count: 10, batchSize: 4, seed: 3)
        for step in 0 ..< 9 {
            #expect(mixture.parts(step: step) == [.init(source: 0, indices: epochs.indices(step: step))])
        }
    }
}
