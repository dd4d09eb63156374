/// Random numbers that are a pure function of a seed and of numbers for their purpose, such as a step, so that a resumed
/// training gets the same ones (SplitMix64).
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A stream for one purpose: equal arguments give equal streams, different ones unrelated streams.
    public init(seed: UInt64, _ purpose: UInt64...) {
        state = seed
        for part in purpose {
            state ^= part &* 0x9E37_79B9_7F4A_7C15
            state = next()
        }
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// An index of `weights`, each as likely as it weighs; the last one where nothing weighs anything.
    public mutating func index(weights: [Double]) -> Int {
        let total = weights.reduce(0, +)
        var rest = Double.random(in: 0 ..< max(total, .leastNonzeroMagnitude), using: &self)
        return weights.firstIndex {
            rest -= $0
            return rest < 0
        } ?? weights.count - 1
    }
}
