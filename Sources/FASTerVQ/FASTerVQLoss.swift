public import Torch

/// Weights of the terms of a tokenizer's loss beside L1.
public struct TokenizerLossWeights: Codable, Equatable, Sendable {
    /// Weight of the L1 of the DCT along time.
    public var dctL1 = 1.0

    /// Weight of the commitment.
    public var commitment = 0.25

    /// The paper's weights.
    public init() {}
}

/// Loss of one batch and its terms (arXiv 2512.04952, loss of FASTerVQ); scalars, in normalised units.
///
/// The DCT keeps the low-frequency trend of a motion. Padding counts nowhere. Of shares of a batch, the mean is the loss
/// of the whole.
public struct TokenizerLoss {
    /// The weighted sum.
    public let total: Tensor
    /// Mean absolute error.
    public let l1: Tensor
    /// Mean absolute error of the orthonormal DCT along time.
    public let dctL1: Tensor
    /// Mean squared distance of latents to the sums of their codebook entries.
    public let commitment: Tensor

    /// Compares decoded chunks with the original.
    ///
    /// - Parameters:
    ///   - decoded: Patches of every robot, of every group that passes through the autoencoder, `[B, P, steps · columns]`.
    ///   - batches: The original.
    ///   - commitment: The quantizer's.
    ///   - weights: Weights of the terms.
    init(
        _ decoded: [[Tensor]],
        of batches: [ActionBatch],
        commitment: Tensor,
        weights: TokenizerLossWeights
    ) {
        let errors = zip(decoded, batches).map(Self.errors)
        let chunks = Double(batches.reduce(0) { $0 + ($1.share?.count ?? $1.count) })
        l1 = errors.map(\.l1).reduce(.zeros([], device: commitment.device), +) / chunks
        dctL1 = errors.map(\.dctL1).reduce(.zeros([], device: commitment.device), +) / chunks
        self.commitment = commitment
        total = l1 + dctL1 * weights.dctL1 + commitment * weights.commitment
    }

    /// Errors of one robot's chunks, each a mean over the values of a chunk, summed over chunks.
    private static func errors(_ decoded: [Tensor], _ batch: ActionBatch) -> (l1: Tensor, dctL1: Tensor) {
        let (robot, patchifier) = (batch.embodiment, batch.embodiment.patchifier.autoencoded)
        let actions = robot.clippedAutoencoded(patchifier.unpatchify(decoded))
        let error = (actions - patchifier.columns(of: batch.actions)) * batch.stepMask.unsqueezed(2)
        let steps = batch.share.map { $0.stepMask.sum() / Double($0.batch.count) } ?? batch.stepMask.sum()
        let values = steps * (Double(actions.size(2)) / Double(batch.share?.count ?? batch.count))
        return (error.abs().sum() / values, robot.dct.matmul(error).abs().sum() / values)
    }
}
