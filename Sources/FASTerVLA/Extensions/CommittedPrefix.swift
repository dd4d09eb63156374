internal import Backbones
internal import NN
internal import Torch

// Axes in this file
//   B  batch      P  committed steps

/// Committed action prefix: the actions that the robot executes until the reply arrives.
///
/// An extension of the paper's head: training-time action conditioning for real-time chunking, arXiv 2512.05964, there for
/// flow matching. Committed steps are slots between the prefix and the tokens: they see the prefix and each other, and every token sees
/// them.
struct CommittedPrefix: Module {
    private let projection: Linear
    private let steps: Embedding

    init(_ configuration: BlockHead.Configuration, width: Int, device: Device) {
        projection = Linear(configuration.dimension, width, device: device)
        steps = Embedding(configuration.committedSteps, width, standardDeviation: 0.5, device: device)
    }

    /// Inputs of the slots of normalised `actions`, `[B, P, dimension]`: `[B, P, width]`.
    func callAsFunction(_ actions: Tensor) -> Tensor {
        projection(actions) + steps.weight.narrowed(0, from: 0, count: actions.size(1))
    }

    /// Samples a random number of an example's first actions, up to `most` and the episode's end.
    static func sample(from targets: ActionTargets, atMost most: Int) -> (
        actions: Tensor, isCommitted: Tensor
    ) {
        let (batch, device) = (targets.actions.size(0), targets.actions.device)
        let counts = Tensor.randint(0 ..< most + 1, [batch, 1]).to(device)
        let steps = Tensor.arange(0 ..< most, device: device).unsqueezed(0)
        let isCommitted = steps.less(counts).and(targets.isValid.narrowed(1, from: 0, count: most))
        return (targets.actions.narrowed(1, from: 0, count: most), isCommitted)
    }
}

extension BlockHead {
    /// Puts committed `actions`, `[B, P, dimension]`, with the mask of committed steps, bool `[B, P]`, before the slots.
    func prepend(_ actions: Tensor, _ isCommitted: Tensor, to suffix: inout TeacherForcedSuffix) {
        guard let committedPrefix else { return }
        let (batch, steps) = (actions.size(0), actions.size(1))
        let (device, length) = (actions.device, suffix.prefixMask.size(3))
        suffix.inputs = Tensor.concatenated([committedPrefix(actions), suffix.inputs], axis: 1)
        suffix.positions = suffix.positions.padded([steps, 0])
        let blind = Tensor.zeros([1, 1, steps, suffix.slotMask.size(3)], dtype: .bool, device: device)
        suffix.slotMask = Tensor.concatenated([blind, suffix.slotMask], axis: 2)
        suffix.prefixMask = Tensor.concatenated(
            [suffix.prefixMask.expanded([batch, 1, 1, length]), isCommitted.unsqueezed(1).unsqueezed(1)],
            axis: 3
        )
    }
}

extension DecodingSuffix {
    /// Appends committed `actions`, normalised `[B, P, dimension]`, in a forward of their own.
    mutating func append(committed actions: Tensor, _ head: BlockHead) {
        guard let committedPrefix = head.committedPrefix else { return }
        let count = actions.size(1)
        appendLeading(
            committedPrefix(actions),
            positions: .zeros([1, count], device: actions.device)
        )
    }
}
