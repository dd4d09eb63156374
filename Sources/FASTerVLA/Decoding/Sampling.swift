public import Torch

/// How a code is chosen from its scores.
public struct Sampling: Codable, Equatable, Sendable {
    /// Only the so many best scored entries may be chosen; 1 is greedy, 0 admits all.
    public var topK = 50

    /// Only the fewest best scored entries whose joint probability reaches it may be chosen (nucleus sampling); 1
    /// admits all.
    ///
    /// Probabilities are those after ``topK`` and ``temperature``.
    public var topP = 1.0

    /// Scores are divided by it before the draw; 0 is greedy.
    public var temperature = 0.8

    /// Motions that are drawn for an answer, which is their mean: the expected motion.
    ///
    /// A greedy choice has but one.
    public var draws = 1

    /// More is taken for a mistake.
    public static let mostDraws = 1024

    /// The paper's: top 50 at temperature 0.8.
    public init() {}

    /// Reads a policy's choice; without `topP` all entries are admitted, and without `draws` one motion is drawn.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        topK = try container.decode(Int.self, forKey: .topK)
        topP = try container.decodeIfPresent(Double.self, forKey: .topP) ?? 1
        temperature = try container.decode(Double.self, forKey: .temperature)
        draws = try container.decodeIfPresent(Int.self, forKey: .draws) ?? 1
    }

    /// The best scored entry, always.
    public static var greedy: Sampling {
        var sampling = Sampling()
        sampling.topK = 1
        sampling.temperature = 0
        return sampling
    }

    /// Whether nothing is left to chance.
    public var isGreedy: Bool { temperature == 0 || topK == 1 }

    /// What makes no sense about the numbers, in words that name the key; nil where nothing does.
    public var problem: String? {
        if !(1 ... Self.mostDraws ~= draws) {
            return "'draws' should be 1 ... \(Self.mostDraws), found \(draws)"
        }
        if topK < 0 { return "'topK' should be at least 0, found \(topK)" }
        if !(topP > 0 && topP <= 1) { return "'topP' should be above 0 and at most 1, found \(topP)" }
        guard temperature >= 0, temperature.isFinite else {
            return "'temperature' should be at least 0, found \(temperature)"
        }
        if draws > 1, isGreedy {
            return "'draws' should be 1 where the best entry is always taken, by a 'topK' of 1 or a "
                + "'temperature' of 0, found \(draws)"
        }
        return nil
    }

    /// Draws an entry from every row of `logits`, `[n, K]`: int64 `[n]`.
    public func codes(from logits: Tensor) -> Tensor {
        guard !isGreedy else { return logits.argmax(-1) }
        let (probabilities, entries) = probabilities(from: logits)
        return entries.gather(axis: 1, probabilities.multinomial(1)).squeezed(1)
    }

    /// The entries that may be drawn from every row of `logits`, `[n, K]`, the best first.
    ///
    /// - Returns: Probabilities, up to a factor a row, and entries, int64, both `[n, k]` with `k` at most `K`. An entry
    ///   outside the nucleus has probability 0.
    func probabilities(from logits: Tensor) -> (probabilities: Tensor, entries: Tensor) {
        let count = topK > 0 ? min(topK, logits.size(-1)) : logits.size(-1)
        let (scores, entries) = logits.topK(count)
        let probabilities = (scores / temperature).softmax(-1)
        guard topP < 1 else { return (probabilities, entries) }
        // What precedes the best entry is exactly 0, so one always stays.
        let preceding = probabilities.cumulativeSum(-1) - probabilities
        return (probabilities.filled(where: preceding.greaterOrEqual(topP), with: 0), entries)
    }
}
