/// The examples of every batch of a mixture, as a pure function of seed and step.
///
/// After any number of examples, the number of those of a source differs from its share by less than the number of sources; with
/// two sources, by less than one. Within a source, each epoch visits all examples in a new order.
struct MixtureOrder: Sendable {
    /// Examples of one source in a batch.
    struct Part: Equatable, Sendable {
        /// Position of the source.
        let source: Int

        /// Positions of the examples in the source.
        let indices: [Int]
    }

    private let weights: [Double]
    private let batchSize: Int
    private var orders: [EpochOrder]

    /// Number of examples of every source before ``next``.
    private var drawn: [Int]
    private var next = 0

    /// Creates the order of sources of `counts` examples; of one source, the order is that of ``EpochOrder``.
    init(counts: [Int], weights: [Double], batchSize: Int, seed: UInt64) {
        precondition(counts.count == weights.count && !counts.isEmpty, "one weight a source")
        let total = weights.reduce(0, +)
        self.weights = weights.map { $0 / total }
        self.batchSize = batchSize
        drawn = Array(repeating: 0, count: counts.count)
        orders = counts.enumerated().map { source, count in
            EpochOrder(count: count, batchSize: 1, seed: seed &+ UInt64(source) &* 0x9E37_79B9_7F4A_7C15)
        }
    }

    /// The examples of batch `step`, a part a source that has any.
    mutating func parts(step: Int) -> [Part] {
        let first = step * batchSize
        if first < next { (drawn, next) = (drawn.map { _ in 0 }, 0) }
        while next < first { draw() }
        var indices = drawn.map { _ in [Int]() }
        for _ in 0 ..< batchSize {
            let source = draw()
            indices[source] += orders[source].indices(step: drawn[source] - 1)
        }
        return indices.enumerated().filter { !$1.isEmpty }.map { Part(source: $0, indices: $1) }
    }

    /// Takes an example of the source that is furthest behind its share; returns the source.
    @discardableResult
    private mutating func draw() -> Int {
        next += 1
        var chosen = 0
        var furthest = -Double.infinity
        for source in drawn.indices {
            let behind = weights[source] * Double(next) - Double(drawn[source])
            if behind > furthest + 1e-9 { (chosen, furthest) = (source, behind) }
        }
        drawn[chosen] += 1
        return chosen
    }
}
