internal import Support

/// The examples of every batch: each epoch visits all in a new order, as a pure function of seed and step.
struct EpochOrder: Sendable {
    /// Number of examples.
    let count: Int

    /// Examples per batch.
    let batchSize: Int

    private let seed: UInt64
    private var epoch = -1
    private var order: [Int] = []

    /// Creates the order of `count` examples.
    init(count: Int, batchSize: Int, seed: UInt64) {
        precondition(count > 0 && batchSize > 0, "an order needs examples")
        self.count = count
        self.batchSize = batchSize
        self.seed = seed
    }

    /// The examples of batch `step`.
    mutating func indices(step: Int) -> [Int] {
        (step * batchSize ..< (step + 1) * batchSize).map { position in
            if position / count != epoch {
                epoch = position / count
                var random = SeededRandom(seed: seed, 1, UInt64(epoch))
                order = (0 ..< count).shuffled(using: &random)
            }
            return order[position % count]
        }
    }
}
