public import Support
public import Torch

/// Sampling of a token by its logits: greedy, top-k or nucleus, at a temperature.
public struct Sampling: Codable, Equatable, Sendable, Validatable {
    /// Number of most likely tokens that may be sampled; 1 is greedy, 0 admits all.
    public var topK = 50

    /// Joint probability of the fewest most likely tokens that may be sampled (nucleus sampling, arXiv 1904.09751); 1 admits
    /// all.
    ///
    /// Probabilities are those after ``topK`` and ``temperature``.
    public var topP = 1.0

    /// Divisor of logits before sampling; 0 is greedy.
    public var temperature = 0.8

    /// Token of greedy decoding; nil as ``GreedyChoice/mostLikely``, which is also that of tokens without codewords.
    public var greedyChoice: GreedyChoice?

    /// Number of sampled chunks of which a prediction is the mean; 1 with greedy sampling.
    public var sampleCount = 1

    /// Largest ``sampleCount``; more is taken for a mistake.
    public static let largestSampleCount = 1024

    /// Top 50 at temperature 0.8 (arXiv 2512.04952).
    public init() {}

    /// One token, always: that closest to the mean of the codewords, or the most likely of tokens without any.
    public static var greedy: Sampling {
        var sampling = Sampling()
        sampling.greedyChoice = .closestToMean
        sampling.topK = 1
        sampling.temperature = 0
        return sampling
    }

    /// True if nothing is left to chance.
    public var isGreedy: Bool { temperature == 0 || topK == 1 }

    /// Checks that tokens can be sampled, and several chunks only if they can differ.
    public func validate() throws(InvalidValue) {
        try Validation.require(["sampleCount": sampleCount], in: 1 ... Self.largestSampleCount)
        try Validation.require(["topK": topK], atLeast: 0)
        try Validation.require(topP > 0 && topP <= 1, "topP", "above 0 and at most 1", found: topP)
        try Validation.require(["temperature": temperature], atLeast: 0)
        try Validation.require(
            sampleCount == 1 || !isGreedy,
            "sampleCount",
            "1 with greedy sampling, a 'topK' of 1 or a 'temperature' of 0",
            found: sampleCount
        )
    }

    /// Samples a token from every row of `logits`, `[n, K]`: int64 `[n]`.
    public func codes(from logits: Tensor) -> Tensor {
        guard !isGreedy else { return logits.argmax(-1) }
        let (probabilities, tokens) = probabilities(from: logits)
        return tokens.gather(axis: 1, Tensor.pick(weights: probabilities).unsqueezed(1)).squeezed(1)
    }

    /// The tokens that may be sampled from every row of `logits`, `[n, K]`, the most likely first.
    ///
    /// - Returns: Probabilities, up to a factor a row, and tokens, int64, both `[n, k]` with `k` at most `K`. A token
    ///   outside the nucleus has probability 0.
    func probabilities(from logits: Tensor) -> (probabilities: Tensor, tokens: Tensor) {
        let count = topK > 0 ? min(topK, logits.size(-1)) : logits.size(-1)
        let (scores, tokens) = logits.topK(count)
        let probabilities = (scores / temperature).softmax(-1)
        guard topP < 1 else { return (probabilities, tokens) }
        // What precedes the first is exactly 0, so one always stays.
        let preceding = probabilities.cumulativeSum(-1) - probabilities
        return (probabilities.filled(where: preceding.greaterOrEqual(topP), with: 0), tokens)
    }
}
