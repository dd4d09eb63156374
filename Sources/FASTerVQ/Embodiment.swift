internal import ActionTokenizers
public import RobotTypes
public import Torch

/// One robot as a model sees it: the layout of its chunks and the recorded range of its actions.
public struct Embodiment: Sendable {
    /// Layout of its chunks.
    public let patchifier: ActionPatchifier

    /// Smallest recorded action, normalised, `[D]`.
    let lower: Tensor

    /// Largest recorded action, normalised, `[D]`.
    let upper: Tensor

    /// Orthonormal DCT-II along time, `[T, T]`.
    let dct: Tensor

    /// Describes a robot.
    ///
    /// - Parameters:
    ///   - patchifier: Layout of its chunks.
    ///   - normalization: Statistics of its recorded actions.
    ///   - device: Device of the model.
    public init(patchifier: ActionPatchifier, normalization: Normalization, device: Device) {
        self.patchifier = patchifier
        let (low, high) = (normalization.lowerBounds, normalization.upperBounds)
        lower = Tensor(low, shape: [low.count], device: device)
        upper = Tensor(high, shape: [high.count], device: device)
        let horizon = patchifier.horizon
        dct = Tensor(
            DiscreteCosineTransform(length: horizon).matrix,
            shape: [horizon, horizon],
            device: device
        )
    }

    /// Clips the columns that pass through the autoencoder, `[B, T, columns]`, to the recorded range.
    func clippedAutoencoded(_ actions: Tensor) -> Tensor {
        let columns = patchifier.autoencoded
        return actions.clamped(from: columns.columns(of: lower), to: columns.columns(of: upper))
    }

    /// Clips actions, `[B, T, D]`, to the recorded range.
    package func clipped(_ actions: Tensor) -> Tensor { actions.clamped(from: lower, to: upper) }

    /// The recorded range as patches, each `[1, P, steps · columns]` for every group; from 0 to 0 in padding.
    package var patchBounds: [(lower: Tensor, upper: Tensor)] {
        let shape = [1, patchifier.horizon, lower.size(0)]
        let masks = patchifier.valueMasks(.ones([1, patchifier.horizon], device: lower.device))
        func patches(_ bounds: Tensor) -> [Tensor] {
            zip(patchifier.patchify(bounds.expanded(shape)), masks).map { $0 * $1 }
        }
        return zip(patches(lower), patches(upper)).map { ($0, $1) }
    }
}

/// Chunks of one robot.
public struct ActionBatch: Sendable {
    /// The robot.
    public let embodiment: Embodiment

    /// Normalised actions, `[B, T, D]`; steps beyond an episode's end are padding.
    public let actions: Tensor

    /// 1 where a step lies inside its episode, else 0, `[B, T]`.
    public let stepMask: Tensor

    /// Position of these chunks in a batch that is computed in shares; nil for a whole batch.
    package let share: ActionBatchShare?

    /// Puts chunks into a batch.
    public init(embodiment: Embodiment, actions: Tensor, stepMask: Tensor) {
        self.init(embodiment: embodiment, actions: actions, stepMask: stepMask, share: nil)
    }

    private init(embodiment: Embodiment, actions: Tensor, stepMask: Tensor, share: ActionBatchShare?) {
        self.embodiment = embodiment
        self.actions = actions
        self.stepMask = stepMask
        self.share = share
    }

    /// Number of chunks.
    public var count: Int { actions.size(0) }

    /// The chunks of a share, which has one at least; all without one.
    public func chunks(of share: BatchShare?) -> ActionBatch {
        guard let share else { return self }
        let rows = share.rows(of: count)
        precondition(!rows.isEmpty, "every share has chunks of every robot")
        return ActionBatch(
            embodiment: embodiment,
            actions: actions.narrowed(0, from: rows.lowerBound, count: rows.count),
            stepMask: stepMask.narrowed(0, from: rows.lowerBound, count: rows.count),
            share: ActionBatchShare(batch: share, rows: rows, stepMask: stepMask)
        )
    }
}

/// The chunks of a share of a batch.
package struct ActionBatchShare: Sendable {
    /// The share.
    let batch: BatchShare

    /// Its chunks among those of the batch.
    package let rows: Range<Int>

    /// The batch's mask of valid steps, `[B, T]`.
    let stepMask: Tensor

    /// Number of chunks of the batch.
    var count: Int { stepMask.size(0) }
}
