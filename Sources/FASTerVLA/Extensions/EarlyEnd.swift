internal import Foundation
public import Support
internal import Torch

// Axes in this file
//   B  batch      L  slots of a block      K  codebook entries      N  codebooks

/// Early end of a grid of codes: an extension of the paper's head, which decodes all codebooks.
///
/// A chunk that its first codebooks reconstruct well enough ends with them. `<EoBlk>`, the class after the last codebook entry,
/// says so in the same forward as the codes of the last block, so that the end costs no forward of its own
/// (Documentation/Decisions/0019-early-end.md).
public struct EarlyEnd: Codable, Equatable, Sendable, Validatable {
    /// Largest absolute error, in normalised units, of a chunk that has enough codebooks; what the end was trained for.
    public var tolerance: Double

    /// Probability of `<EoBlk>` above which a chunk ends, unless said otherwise.
    public static let threshold = 0.5

    /// Ends chunks that are reconstructed within `tolerance`.
    public init(tolerance: Double) { self.tolerance = tolerance }

    /// Checks that a chunk can be within the tolerance.
    public func validate() throws(InvalidValue) {
        try Validation.require(["tolerance": tolerance], above: 0)
    }

    /// Logits of `<EoBlk>` after a block: the mean over the block's slots, which all see each other.
    ///
    /// - Parameter scores: Scores of all classes, `[B, L, K + 1]`.
    /// - Returns: `[B]`.
    static func logits(_ scores: Tensor) -> Tensor {
        scores.narrowed(2, from: scores.size(2) - 1, count: 1).squeezed(2).mean(1)
    }

    /// Binary cross-entropy of the ends after all codebooks but the last, and the fraction that is predicted right.
    ///
    /// - Parameters:
    ///   - scores: Scores of all classes of every codebook's slots, each `[B, L, K + 1]`.
    ///   - requiredCodebooks: Number of codebooks that each chunk needs, int64 `[B]`.
    /// - Returns: Scalars.
    static func loss(_ scores: [Tensor], requiredCodebooks: Tensor) -> (loss: Tensor, accuracy: Tensor) {
        let logits = Tensor.stacked(scores.dropLast().map(Self.logits), axis: 1)
        let complete = Tensor.arange(1 ..< scores.count, device: logits.device).unsqueezed(0)
        let hasEnough = complete.greaterOrEqual(requiredCodebooks.unsqueezed(1)).to(.int64)
        let classes = Tensor.stacked([logits.zerosLike(), logits], axis: 2)
        let loss = classes.reshaped(-1, 2).crossEntropy(hasEnough.reshaped(-1))
        let accuracy = withoutGradients { classes.argmax(2).equal(hasEnough).to(.float32).mean() }
        return (loss, accuracy)
    }
}

/// Ends of the grids of a batch.
struct GridEnds {
    /// nil for grids that are decoded as a whole.
    private let threshold: Double?
    /// Number of codebooks of every grid that has ended.
    private var codebooks: [Int?]

    init(_ batch: Int, threshold: Double?) {
        self.threshold = threshold
        codebooks = Array(repeating: nil, count: batch)
    }

    /// Returns true once all grids have ended, with the block of codebook `index` and its scores, `[B, L, K + 1]`.
    mutating func areAllReached(after index: Int, _ scores: [Tensor]) -> Bool {
        guard let threshold, let scores = scores.first else { return false }
        for (row, logit) in EarlyEnd.logits(scores).floats.enumerated() where codebooks[row] == nil {
            if 1 / (1 + exp(-Double(logit))) > threshold { codebooks[row] = index + 1 }
        }
        return codebooks.allSatisfy { $0 != nil }
    }

    /// Number of codebooks of every grid, where `complete` were decoded.
    func codebooks(of complete: Int) -> [Int] { codebooks.map { min($0 ?? complete, complete) } }
}
