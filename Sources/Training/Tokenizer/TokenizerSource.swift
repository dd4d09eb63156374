internal import FASTerVQ
internal import RobotTypes
internal import Support
internal import Torch

/// One robot's chunks, as a tokenizer's training samples them.
struct TokenizerSource: Sendable {
    /// The columns of an action.
    let actionSpace: ActionSpace

    /// Map from the robot's units to normalised ones.
    let normalization: Normalization

    /// Normalised chunks, one dataset after the other.
    let chunks: ActionChunks

    /// Sampler of the chunks.
    let sampler: WeightedSampler

    /// Normalised chunks of held-out episodes, which a validation measures; nil for none.
    let heldOut: ActionChunks?

    /// Sampling weight beside other sources.
    var weight: Double { sampler.weights.reduce(0, +) }

    /// Normalises `chunks` of a dataset, which are in the robot's units.
    init(
        actionSpace: ActionSpace,
        normalization: Normalization,
        chunks: ActionChunks,
        weight: Double = 1,
        heldOut: ActionChunks? = nil
    ) {
        self.init(
            actionSpace: actionSpace,
            normalization: normalization,
            datasets: [(chunks, weight)],
            heldOut: heldOut
        )
    }

    /// Normalises the chunks of several datasets of a robot, which are in its units, as are the held-out ones.
    init(
        actionSpace: ActionSpace,
        normalization: Normalization,
        datasets: [(chunks: ActionChunks, weight: Double)],
        heldOut: ActionChunks? = nil
    ) {
        self.actionSpace = actionSpace
        self.normalization = normalization
        sampler = WeightedSampler(counts: datasets.map(\.chunks.count), weights: datasets.map(\.weight))
        func normalized(_ chunks: ActionChunks) -> ActionChunks {
            var result = chunks
            result.values = normalization.normalized(chunks.values)
            return result
        }
        chunks = normalized(ActionChunks(joining: datasets.map(\.chunks)))
        self.heldOut = heldOut.map(normalized)
    }
}

/// A sampler of a robot's chunks: of each dataset in proportion to its weight, in which all chunks are equally likely.
struct WeightedSampler: Sendable {
    /// Number of chunks of every dataset.
    let counts: [Int]

    /// Weight of every dataset.
    let weights: [Double]

    /// Indices of `count` random chunks among those of all datasets.
    func indices(_ count: Int, _ random: inout SeededRandom) -> [Int] {
        (0 ..< count).map { _ in
            let dataset = counts.count > 1 ? random.index(weights: weights) : 0
            return counts[..<dataset].reduce(0, +) + Int.random(in: 0 ..< counts[dataset], using: &random)
        }
    }
}

/// A source's chunks and masks on the device.
struct SourceTensors {
    let embodiment: Embodiment
    private let sampler: WeightedSampler
    private let actions: Tensor
    private let stepMask: Tensor

    /// Normalised chunks of held-out episodes; nil for none.
    let heldOut: ActionChunks?

    /// Lays `source` out for `model`.
    ///
    /// - Throws: `PatchError` when the robot does not fit the model's patches.
    init(_ source: TokenizerSource, model: FASTerVQModel, device: Device) throws {
        let chunks = source.chunks
        let patchifier = try model.makePatchifier(source.actionSpace, horizon: chunks.horizon)
        embodiment = Embodiment(patchifier: patchifier, normalization: source.normalization, device: device)
        sampler = source.sampler
        actions = chunks.actions(on: device)
        stepMask = chunks.stepMask(on: device)
        heldOut = source.heldOut
    }

    var count: Int { actions.size(0) }

    var horizon: Int { actions.size(1) }

    /// Held-out chunks, at most `size` a batch.
    func heldOutBatches(of size: Int) -> [ActionBatch] {
        guard let heldOut else { return [] }
        return stride(from: 0, to: heldOut.count, by: size).map { first in
            let chunks = heldOut[first ..< min(first + size, heldOut.count)]
            return ActionBatch(
                embodiment: embodiment,
                actions: chunks.actions(on: actions.device),
                stepMask: chunks.stepMask(on: actions.device)
            )
        }
    }

    /// Random chunks, of every dataset by its weight.
    func randomChunks(
        _ count: Int,
        _ augmentation: ChunkAugmentation,
        _ random: inout SeededRandom
    ) -> ActionBatch {
        chunks(at: sampler.indices(count, &random), augmentation, &random)
    }

    /// The chunks at `picks`, augmented by differences of random others, by weights from libtorch's generator.
    func chunks(
        at picks: [Int],
        _ augmentation: ChunkAugmentation,
        _ random: inout SeededRandom
    ) -> ActionBatch {
        let recorded = chunks(at: picks)
        guard augmentation != .none else { return recorded }
        let others = (0 ..< 2).map { _ in chunks(at: sampler.indices(picks.count, &random)).actions }
        let weights = augmentation.weights(count: picks.count, dimension: actions.size(2)).to(actions.device)
        return ActionBatch(
            embodiment: embodiment,
            actions: embodiment.clipped(recorded.actions + (others[0] - others[1]) * weights),
            stepMask: recorded.stepMask
        )
    }

    private func chunks(at picks: [Int]) -> ActionBatch {
        let picks = Tensor(picks, device: actions.device)
        return ActionBatch(
            embodiment: embodiment,
            actions: actions.gathering(picks, axis: 0),
            stepMask: stepMask.gathering(picks, axis: 0)
        )
    }
}
