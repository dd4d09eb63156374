internal import Torch

// Token sequences of variable length, as FAST's (arXiv 2501.09747): `<EoBlk>`, the class after the last codebook entry, ends
// a sequence.

extension BlockHead {
    /// Logits of the classes that decoding chooses tokens from, of `scores` of all, `[B, L, K + 1]`.
    func choosable(_ scores: Tensor) -> Tensor {
        configuration.isVariableLength
            ? scores : scores.narrowed(2, from: 0, count: configuration.codebookSize)
    }

    /// Tokens with embeddings: a sequence that has ended is padded with any token beside longer ones of its batch.
    func lookUp(_ tokens: Tensor) -> Tensor {
        configuration.isVariableLength ? tokens.clampedToEntries(configuration.codebookSize) : tokens
    }
}

/// Ends of the sequences of a batch.
struct SequenceEnds {
    /// nil for sequences of fixed length.
    private let end: Int?
    /// Above 0 for every sequence that has ended, `[B]`.
    private var hasEnded: Tensor?

    init(_ configuration: BlockHead.Configuration) {
        end = configuration.isVariableLength ? configuration.codebookSize : nil
    }

    /// Returns true once all sequences have ended, with the tokens of a block, int64 `[B, L]`.
    mutating func areAllReached(by tokens: Tensor) -> Bool {
        guard let end else { return false }
        let ends = tokens.equal(Double(end)).to(.int64).max(1)
        let reached = hasEnded.map { $0.maximum(ends) } ?? ends
        hasEnded = reached
        return reached.min(0).item > 0
    }
}
