internal import ActionTokenizers
public import Support
internal import Torch

// Axes in this file
//   B  batch      L  slots of one codebook      N  latent positions      K  codebook entries      C  coordinates of a codeword

/// Token that greedy decoding takes.
public enum GreedyChoice: String, NamedChoice {
    /// The most likely entry.
    case mostLikely = "most-likely"

    /// The entry whose codeword is closest to the mean of the codewords: minimum Bayes risk under squared distance
    /// (Documentation/Decisions/0046).
    case closestToMean = "closest-to-mean"
}

/// Choice of tokens by their logits.
struct TokenChoice {
    /// Chooses from rows of logits, `[n, K]`: int64 `[n]`.
    private let choose: (Tensor) -> Tensor
    /// Nil where the logits alone decide.
    private let codewords: Vectors?

    /// Codewords laid out for both products: libtorch would copy a transposed table in each of them.
    private struct Vectors {
        /// `[codebooks, N, K, C]`.
        let rows: Tensor
        /// `[codebooks, N, C, K]`.
        let columns: Tensor
        /// Half of the squared lengths, `[codebooks, N, 1, K]`.
        let lengths: Tensor
    }

    /// A choice by `choose`, from rows of logits, `[n, K]`: int64 `[n]`.
    init(_ choose: @escaping (Tensor) -> Tensor) { (self.choose, codewords) = (choose, nil) }

    /// The entry closest to the mean of `codewords`, `[codebooks, N, K, C]`; the most likely one if nil.
    init(greedyBy codewords: Tensor?) {
        choose = { $0.argmax(-1) }
        self.codewords = codewords.map {
            Vectors(
                rows: $0.contiguous(),
                columns: $0.transposed(2, 3).contiguous(),
                lengths: $0.squared().sum(3).unsqueezed(2) * 0.5
            )
        }
    }

    /// Tokens of slots of one codebook.
    ///
    /// - Parameters:
    ///   - logits: `[B, L, K]`.
    ///   - codebook: Their codebook.
    ///   - positions: Their latent positions.
    /// - Returns: int64 `[B, L]`.
    func callAsFunction(_ logits: Tensor, codebook: Int, positions: Range<Int>) -> Tensor {
        guard let codewords else {
            return choose(logits.reshaped(-1, logits.size(2))).reshaped(logits.size(0), logits.size(1))
        }
        func part(_ tensor: Tensor) -> Tensor {
            tensor.select(0, codebook).narrowed(0, from: positions.lowerBound, count: positions.count)
        }
        let rows = part(codewords.rows)
        let probabilities = logits.narrowed(2, from: 0, count: rows.size(1)).softmax(2)
        let mean = probabilities.transposed(0, 1).matmul(rows)
        // The entry of the largest mean · entry - |entry|² / 2 has the smallest |mean - entry|².
        let closeness = mean.matmul(part(codewords.columns)) - part(codewords.lengths)
        return closeness.argmax(-1).transposed(0, 1)
    }
}

extension Codewords {
    /// The vectors as those of the entries that `head` predicts, `[codebooks, N, K, C]`, zeros at latent positions that only other robots
    /// have; nil if they are of other codebooks.
    func tensor(for head: BlockHead.Configuration, device: Device) -> Tensor? {
        let schedule = head.schedule
        let missing = schedule.latentPositionCount - latentPositionCount
        guard (codebookCount, codebookSize) == (schedule.codebookCount, head.codebookSize), missing >= 0
        else { return nil }
        let shape = [codebookCount, latentPositionCount, codebookSize, width]
        return Tensor(values, shape: shape, device: device).padded([0, 0, 0, 0, 0, missing])
    }
}
