internal import NN
public import Torch

/// A batch whose loss is computed in parts, one after the other or by several processes.
///
/// A loss is a sum over the entries that count, divided by their number. Parts differ in that number where chunks reach behind an
/// episode's end, so that the mean of their losses is not the loss of the batch. With the mean of their numbers as divisor, it is.
extension FASTerVLANetwork {
    /// The targets of a part of a batch, with what the loss samples beside them.
    public func sampled(_ targets: ActionTargets) -> ActionTargets {
        guard let blockHead, let codes = targets.codes else { return targets }
        var sampled = targets
        sampled.conditioning = BlockConditioning(sampledFor: targets, codes, blockHead.configuration)
        return sampled
    }

    /// Numbers of entries that count in the loss of ``sampled(_:)`` targets: codes of every codebook for a head of tokens, `[codebooks]`,
    /// else steps inside the episode, `[1]`.
    public func entryCounts(of targets: ActionTargets) -> Tensor {
        guard let blockHead, let codes = targets.codes else {
            return targets.isValid.to(.float32).sum().reshaped(1)
        }
        let schedule = blockHead.configuration.schedule
        let count = schedule.latentPositionCount
        let isCounted = (targets.conditioning?.withoutRevealed(codes) ?? codes).greaterOrEqual(0)
            .to(.float32)
        return .stacked(
            (0 ..< schedule.codebookCount).map { isCounted.narrowed(1, from: $0 * count, count: count).sum() }
        )
    }
}

extension ActionTargets {
    /// The targets of a part of a batch whose parts have ``entryCounts`` in the mean.
    public func counting(_ entryCounts: Tensor) -> ActionTargets {
        var targets = self
        targets.entryCounts = entryCounts
        return targets
    }
}
