/// Random numbers that are a pure function of their seed and of what they are for, so that work can start in
/// the middle and still draw the same (SplitMix64).
struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A stream for one purpose: equal arguments give equal streams, different ones unrelated streams.
    init(seed: UInt64, _ purpose: UInt64...) {
        state = seed
        for part in purpose {
            state ^= part &* 0x9E37_79B9_7F4A_7C15
            state = next()
        }
    }

    /// The next 64 bits.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// An index of `weights`, each as likely as it weighs; the last one where nothing weighs anything.
    mutating func index(weights: [Double]) -> Int {
        let total = weights.reduce(0, +)
        var rest = Double.random(in: 0 ..< max(total, .leastNonzeroMagnitude), using: &self)
        return weights.firstIndex {
            rest -= $0
            return rest < 0
        } ?? weights.count - 1
    }
}

/// Which examples each batch holds: every epoch visits all in a new order, as a pure function of seed and step.
struct EpochOrder: Sendable {
    /// Number of examples.
    let count: Int

    /// Examples of a batch.
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
