internal import Backbones
internal import FASTerVLA
internal import RobotTypes
internal import Torch

/// The examples of one training step, in host memory.
struct PolicyBatch: Sendable {
    /// Positions of the examples in their dataset.
    let indices: [Int]

    /// Normalised actions.
    let chunks: ActionChunks

    /// Images of every camera, `[B, height, width, 3]`.
    var images: [[UInt8]] = []
    var imageShapes: [[Int]] = []

    /// Shifts of every camera's images by augmentation, `[B]`.
    var imageShifts: [[ImageShift]] = []

    /// Text ids, padded `[B, length]`.
    var text: [Int] = []

    /// State bins, `[B, stateDimension]`.
    var state: [Int] = []

    /// Codes to predict, `[B, codeCount]`; empty for heads that predict values.
    var codes: [Int] = []

    /// The batch on `device`, as the backbone reads it and the head is trained on it.
    func tensors(on device: Device) -> (input: PrefixInput, targets: ActionTargets) {
        let count = indices.count
        let input = PrefixInput(
            images: zip(images, imageShapes).map { Tensor($0, shape: $1, device: device) },
            text: Tensor(text, shape: [count, text.count / count], device: device),
            state: Tensor(state, shape: [count, state.count / count], device: device)
        )
        let isValid = chunks.validSteps.flatMap { valid in (0 ..< chunks.horizon).map { $0 < valid } }
        let targets = ActionTargets(
            actions: Tensor(chunks.values, shape: [count, chunks.horizon, chunks.dimension], device: device),
            isValid: Tensor(isValid, shape: [count, chunks.horizon], device: device),
            codes: codes.isEmpty ? nil : Tensor(codes, shape: [count, codes.count / count], device: device)
        )
        return (input, targets)
    }
}

/// Batches in the order of a training's steps, made ahead on another thread.
final class PolicyBatches {
    private let dataset: PolicyDataset
    private let recipe: PolicyRecipe
    private let seed: UInt64
    private var prefetcher: Prefetcher<Result<PolicyBatch, any Error>>?

    init(_ dataset: PolicyDataset, _ recipe: PolicyRecipe, seed: UInt64) {
        (self.dataset, self.recipe, self.seed) = (dataset, recipe, seed)
    }

    deinit { prefetcher?.cancel() }

    /// Begins to make the batches of the steps from `step` on.
    func begin(at step: Int) {
        let (dataset, seed, augmentation) = (self.dataset, self.seed, recipe.augmentation)
        let steps = step ..< max(step, recipe.optimization.steps)
        let order = EpochOrder(count: dataset.count, batchSize: recipe.optimization.batchSize, seed: seed)
        prefetcher = Prefetcher(steps, state: order) { order, step in
            let indices = order.indices(step: step)
            return Result { try dataset.batch(indices, augmentation: augmentation, seed: seed, step: step) }
        }
    }

    /// The next step's batch.
    func next() throws -> PolicyBatch {
        guard let prefetcher else {
            preconditionFailure("batches are asked for before the first step is known")
        }
        return try prefetcher.next().get()
    }
}

extension ActionChunks {
    /// The chunks at `indices`.
    func gathered(_ indices: [Int]) -> ActionChunks {
        let size = horizon * dimension
        return ActionChunks(
            count: indices.count,
            horizon: horizon,
            dimension: dimension,
            paddedValues: indices.flatMap { values[$0 * size ..< ($0 + 1) * size] },
            validSteps: indices.map { validSteps[$0] }
        )
    }
}
