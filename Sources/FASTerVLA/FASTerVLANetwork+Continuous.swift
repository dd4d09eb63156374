internal import Backbones
internal import Torch

// Axes in this file
//   B  batch      T  horizon      D  columns of an action      S  prefix tokens

extension FASTerVLANetwork {
    /// Mean squared error of the direction at a random time of every example.
    ///
    /// Times near noise are more frequent, where there is more to decide: Beta(1.5, 1) as in pi-0, by its inverse
    /// distribution function, u^(2/3).
    func loss(of targets: ActionTargets, _ head: FlowHead, after prefix: Prefix) -> PolicyLoss {
        let (actions, device) = (targets.actions, targets.actions.device)
        let time = Tensor.rand([actions.size(0)]).to(device).power(2.0 / 3) * 0.999 + 0.001
        let noise = Tensor.randn(actions.shape).to(device)
        let share = time.reshaped(-1, 1, 1)
        let noisy = noise * share + actions * (1 - share)
        var cache = KeyValueCache(prefix)
        let found = direction(noisy, time: time, head, after: prefix, cache: &cache)
        return PolicyLoss(total: targets.mean(of: (found.to(.float32) - (noise - actions)).squared()))
    }

    /// Mean absolute error of all actions.
    func loss(of targets: ActionTargets, _ head: RegressionHead, after prefix: Prefix) -> PolicyLoss {
        PolicyLoss(
            total: targets.mean(of: (actions(head, after: prefix).to(.float32) - targets.actions).abs())
        )
    }

    /// Where noise lies, seen from actions: `noisy`, `[B, T, D]`, at `time`, `[B]`.
    ///
    /// The `cache` of the prefix gains the keys and values of the T slots.
    func direction(
        _ noisy: Tensor,
        time: Tensor,
        _ head: FlowHead,
        after prefix: Prefix,
        cache: inout KeyValueCache,
        packed: PackedExpert? = nil
    ) -> Tensor {
        head.direction(features(head.inputs(noisy, time: time), after: prefix, &cache, packed))
    }

    /// The actions of a regression, normalised `[B, T, D]`.
    func actions(_ head: RegressionHead, after prefix: Prefix, packed: PackedExpert? = nil) -> Tensor {
        let inputs = head.inputs().expanded([prefix.keys[0].size(0), -1, -1])
        var cache = packed == nil ? KeyValueCache(prefix) : KeyValueCache(prefix, roomFor: inputs.size(1))
        return head.actions(features(inputs, after: prefix, &cache, packed))
    }

    /// Features of slots that all see each other and the prefix.
    private func features(
        _ inputs: Tensor,
        after prefix: Prefix,
        _ cache: inout KeyValueCache,
        _ packed: PackedExpert?
    ) -> Tensor {
        let count = inputs.size(1)
        let first = prefix.nextPosition
        let positions = Tensor.arange(first ..< first + count, dtype: .float32, device: inputs.device)
            .unsqueezed(0)
        return features(
            inputs,
            positions: positions,
            cache: &cache,
            mask: prefix.extendedMask(by: count),
            packed: packed
        )
    }
}
