internal import Backbones
internal import Torch

// Axes in this file
//   B  batch      L  slots of a block

/// One prefix with all that was decoded on top of it.
struct DecodingPass {
    private let prefix: Prefix
    private let positions: Tensor
    private var cache: KeyValueCache
    /// What stands for pending steps, until the first forward, which takes it along.
    private var pending: Tensor?
    private let pendingCount: Int

    init(
        _ prefix: Prefix,
        pending: Tensor?,
        _ schedule: BlockSchedule,
        _ configuration: CodeHead.Configuration
    ) {
        self.prefix = prefix
        self.pending = pending
        pendingCount = pending?.size(1) ?? 0
        positions = configuration.spacing.positions(
            schedule.tokenCount,
            from: prefix.nextPosition,
            device: prefix.keys[0].device
        )
        cache = KeyValueCache(prefix, roomFor: schedule.tokenCount + pendingCount)
    }

    /// Features of a block's slots, `[B, L, width]`.
    mutating func features(
        _ inputs: Tensor,
        of block: Range<Int>,
        _ network: FASTerVLANetwork,
        _ packed: PackedExpert?
    ) -> Tensor {
        let blockPositions = positions.narrowed(1, from: block.lowerBound, count: block.count)
        if let steps = pending {
            pending = nil
            guard packed != nil, prefix.mask == nil,
                PackedExpert.suits(batch: steps.size(0), slots: max(pendingCount, block.count))
            else {
                return firstFeatures(steps, inputs, positions: blockPositions, network)
            }
            // Steps see the prefix and each other and nothing of the block, so alone they need no mask, and neither does
            // the block after them: two forwards without libtorch take a fraction of one with it.
            _ = network.features(
                steps,
                positions: .zeros([1, pendingCount], device: steps.device),
                cache: &cache,
                mask: nil,
                packed: packed
            )
        }
        // The mask hides the prefix's padding; later blocks do not exist yet, so nothing else needs hiding.
        return network.features(
            inputs,
            positions: blockPositions,
            cache: &cache,
            mask: prefix.extendedMask(by: pendingCount + block.upperBound),
            packed: packed
        )
    }

    /// Features of the first block's slots, `[B, L, width]`, in one forward with the pending steps before them.
    private mutating func firstFeatures(
        _ steps: Tensor,
        _ inputs: Tensor,
        positions: Tensor,
        _ network: FASTerVLANetwork
    ) -> Tensor {
        let slots = inputs.size(1)
        let features = network.features(
            .concatenated([steps, inputs], axis: 1),
            positions: positions.padded([pendingCount, 0]),
            cache: &cache,
            mask: firstMask(slots: slots)
        )
        return features.narrowed(1, from: pendingCount, count: slots)
    }

    /// Forgets the newest `count` slots.
    mutating func forget(_ count: Int) { cache.forget(count) }

    /// The mask of the forward of pending steps and the first block: the former see nothing of the latter.
    private func firstMask(slots: Int) -> Tensor {
        let (batch, device) = (prefix.keys[0].size(0), prefix.keys[0].device)
        let rows = pendingCount + slots
        let seen =
            prefix.mask
            ?? Tensor.ones([batch, 1, 1, prefix.keys[0].size(2)], dtype: .bool, device: device)
        let steps = Tensor.ones([batch, 1, rows, pendingCount], dtype: .bool, device: device)
        let slotColumns = Tensor.concatenated(
            [
                .zeros([batch, 1, pendingCount, slots], dtype: .bool, device: device),
                .ones([batch, 1, slots, slots], dtype: .bool, device: device),
            ],
            axis: 2
        )
        return .concatenated([seen.expanded([batch, 1, rows, seen.size(3)]), steps, slotColumns], axis: 3)
    }
}
