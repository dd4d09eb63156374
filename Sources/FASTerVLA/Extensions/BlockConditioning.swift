internal import Torch

// Axes in this file
//   B  batch      N  tokens      P  committed steps

/// Inputs of a training step that extensions of the paper's head add to the tokens of earlier blocks.
struct BlockConditioning {
    /// Tokens that their own blocks see, bool `[B, N]` (``MaskPredict``).
    var isRevealed: Tensor?

    /// A committed action prefix, normalised `[B, P, dimension]`, with the mask of its committed steps, bool `[B, P]`
    /// (``CommittedPrefix``).
    var committed: (actions: Tensor, isCommitted: Tensor)?

    /// No further inputs.
    init() {}

    /// Samples the conditioning of a training step, as far as `configuration` has extensions.
    init(sampledFor targets: ActionTargets, _ codes: Tensor, _ configuration: BlockHead.Configuration) {
        if configuration.supportsMaskPredict {
            isRevealed = MaskPredict.sampleRevealed(of: codes, configuration.schedule)
        }
        if configuration.committedSteps > 0 {
            committed = CommittedPrefix.sample(from: targets, atMost: configuration.committedSteps)
        }
    }

    /// `codes` as targets: revealed ones are ignored.
    func withoutRevealed(_ codes: Tensor) -> Tensor {
        isRevealed.map { codes.filled(where: $0, with: Double(Tensor.ignoreIndex)) } ?? codes
    }

    /// Adds the conditioning to the forward of `codes`.
    func apply(to suffix: inout TeacherForcedSuffix, of codes: Tensor, _ head: BlockHead) {
        if let isRevealed { head.reveal(codes, isRevealed, in: &suffix) }
        if let committed { head.prepend(committed.actions, committed.isCommitted, to: &suffix) }
    }
}
