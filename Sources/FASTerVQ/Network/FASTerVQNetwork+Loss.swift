public import Torch

/// Chunks of one robot in a batch.
public struct TrainingChunks: Sendable {
    /// The robot.
    public let embodiment: Embodiment

    /// Normalised, `[B, T, D]`; steps beyond an episode's end repeat its last action.
    public let actions: Tensor

    /// 1 where a step lies inside its episode, else 0, `[B, T]`.
    public let stepMask: Tensor

    /// 1 where a place that passes through the network holds such a step, else 0, `[B, N]`.
    public let placeMask: Tensor

    /// Puts a robot's chunks into a batch.
    public init(embodiment: Embodiment, actions: Tensor, stepMask: Tensor, placeMask: Tensor) {
        self.embodiment = embodiment
        self.actions = actions
        self.stepMask = stepMask
        self.placeMask = placeMask
    }
}

/// Shares of the parts of a tokenizer's loss beside the mean absolute error.
public struct TokenizerLossWeights: Codable, Equatable, Sendable {
    /// Of the absolute error of the orthonormal DCT along time.
    public var frequency = 1.0

    /// Of the distance between latents and their entries.
    public var commitment = 0.25

    /// The paper's.
    public init() {}
}

/// The loss of one batch and its parts, scalars.
public struct TokenizerLoss {
    /// What is minimised.
    public let total: Tensor
    /// Mean absolute error, normalised units.
    public let l1: Tensor
    /// Mean absolute error of the DCT along time.
    public let frequency: Tensor
    /// Mean squared distance of latents to their entries.
    public let commitment: Tensor
}

extension FASTerVQNetwork {
    /// The loss of a batch and its parts (paper, FASTerVQ 4).
    ///
    /// Every chunk counts the same, whatever its robot's columns. What goes past the network or comes after it does not
    /// count.
    ///
    /// - Parameters:
    ///   - batch: Every robot's chunks.
    ///   - depths: Codebooks that every chunk may use, int64 `[ΣB]`, so that the first ones learn to do without the
    ///     others; nil for all.
    ///   - quantizing: Whether latents are quantized; before the codebooks exist they pass as they are.
    ///   - weights: Shares of the parts.
    ///   - precision: What the transformers multiply in; nil for single precision.
    /// - Returns: Scalars that can be differentiated.
    public func loss(
        _ batch: [TrainingChunks],
        depths: Tensor? = nil,
        quantizing: Bool,
        weights: TokenizerLossWeights,
        precision: DType? = nil
    ) -> TokenizerLoss {
        let rows = batch.map { $0.actions.size(0) }
        let device = batch[0].actions.device
        let grid = PlaceGrid(batch.map(\.embodiment.patchifier), rows: rows, device: device)
        let latents = autoencoder.latents(batch.map(\.actions), grid: grid, precision: precision)
        var restored = latents
        var commitment = Tensor.zeros([], device: device)
        if quantizing {
            (restored, commitment) = codebooks.train(
                latents,
                grid: grid,
                weights: grid.joined(batch.map { $0.placeMask.unsqueezed(2) }),
                depths: depths
            )
        }
        let errors = zip(autoencoder.actions(restored, grid: grid, precision: precision), batch).map(
            ReconstructionLoss.init
        )
        func mean(_ part: KeyPath<ReconstructionLoss, Tensor>) -> Tensor {
            let sums = errors.map { $0[keyPath: part] }
            return sums.dropFirst().reduce(sums[0], +) / Double(rows.reduce(0, +))
        }
        let (l1, frequency) = (mean(\.absolute), mean(\.frequency))
        let total = l1 + frequency * weights.frequency + commitment * weights.commitment
        return TokenizerLoss(total: total, l1: l1, frequency: frequency, commitment: commitment)
    }
}

/// Errors of one robot's chunks, each summed over chunks and averaged over the values of a chunk.
private struct ReconstructionLoss {
    let absolute: Tensor
    let frequency: Tensor

    /// Compares `free`, the decoder's `[B, T, D']` before it is clipped, with `chunks`.
    init(_ free: Tensor, _ chunks: TrainingChunks) {
        let mask = chunks.stepMask.unsqueezed(2)
        let embodiment = chunks.embodiment
        let held = embodiment.clipped(free, .learned(embodiment.learnedColumns))
        let error = (held - embodiment.learned(chunks.actions)) * mask
        let values = chunks.stepMask.sum() * (Double(free.size(2)) / Double(free.size(0)))
        absolute = error.abs().sum() / values
        frequency = chunks.embodiment.cosines.matmul(error).abs().sum() / values
    }
}
