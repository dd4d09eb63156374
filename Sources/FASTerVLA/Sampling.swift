public import Torch

/// How a code is chosen from its scores.
public struct Sampling: Codable, Equatable, Sendable {
    /// Only the so many best scored entries may be chosen; 1 is greedy, 0 admits all.
    public var topK = 50

    /// Scores are divided by it before the draw; 0 is greedy.
    public var temperature = 0.8

    /// The paper's: top 50 at temperature 0.8.
    public init() {}

    /// The best scored entry, always.
    public static var greedy: Sampling {
        var sampling = Sampling()
        sampling.topK = 1
        sampling.temperature = 0
        return sampling
    }

    /// Draws an entry from every row of `logits`, `[n, K]`: int64 `[n]`.
    public func codes(from logits: Tensor) -> Tensor {
        guard temperature > 0, topK != 1 else { return logits.argmax(-1) }
        let count = topK > 0 ? min(topK, logits.size(-1)) : logits.size(-1)
        let (values, indices) = logits.topK(count)
        let drawn = (values / temperature).softmax(-1).multinomial(1)
        return indices.gather(axis: 1, drawn).squeezed(1)
    }
}
