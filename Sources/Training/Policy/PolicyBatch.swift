internal import Backbones
internal import FASTerVLA
internal import RobotTypes
internal import Torch

/// The examples of one training step, in host memory.
struct PolicyBatch: Sendable {
    /// Positions of the examples in their dataset.
    var indices: [Int]

    /// Normalised actions, with the columns of the network.
    var chunks: ActionChunks

    /// Images of every camera, `[B, height, width, 3]`, or their features in half precision, `[B, rows, columns, channels]`;
    /// zeros of cameras that a robot lacks.
    var images: [[UInt8]] = []
    var imageShapes: [[Int]] = []

    /// True if ``images`` are features of a frozen encoder.
    var holdsFeatures = false

    /// For every example and camera, whether there is an image, `[B, cameras]`.
    var hasImage: [Bool] = []

    /// Shifts of every camera's images by augmentation, `[B]`.
    var imageShifts: [[ImageShift]] = []

    /// Text ids, padded `[B, length]`.
    var text: [Int] = []

    /// State bins, `[B, stateDimension]`.
    var state: [Int] = []

    /// Normalised object poses, `[B, M]`; empty without the object-pose task.
    var objectPoses: [Float] = []

    /// Image positions of every camera's objects, `[B, objects, 2]`; empty without the object-pose task.
    var objectPositions: [[Float]] = []

    /// Codes to predict, `[B, codeCount]`; empty for heads that predict values.
    var codes: [Int] = []

    /// The batch on `device`, as the backbone reads it and the head is trained on it.
    func tensors(on device: Device) -> (input: PrefixInput, targets: ActionTargets) {
        let count = indices.count
        let views = zip(images, imageShapes).map { bytes, shape in
            bytes.withUnsafeBytes {
                Tensor(bytes: $0, dtype: holdsFeatures ? .float16 : .uint8, shape: shape)
            }
            .to(device)
        }
        var input = PrefixInput(
            images: holdsFeatures ? [] : views,
            tokens: Tensor(text, shape: [count, text.count / count], device: device),
            state: Tensor(state, shape: [count, state.count / count], device: device),
            hasImage: hasImage.contains(false)
                ? Tensor(hasImage, shape: [count, images.count], device: device) : nil
        )
        if holdsFeatures { input.imageFeatures = views }
        let isValid = chunks.validSteps.flatMap { valid in (0 ..< chunks.horizon).map { $0 < valid } }
        let targets = ActionTargets(
            actions: Tensor(chunks.values, shape: [count, chunks.horizon, chunks.dimension], device: device),
            isValid: Tensor(isValid, shape: [count, chunks.horizon], device: device),
            codes: codes.isEmpty ? nil : Tensor(codes, shape: [count, codes.count / count], device: device)
        )
        return (input, targets)
    }
}

extension PolicyBatch {
    /// The examples of `parts`, one after the other, as one batch; texts are padded to one length.
    init(joining parts: [PolicyBatch]) {
        self = parts[0]
        guard parts.count > 1 else { return }
        let length = parts.map { $0.text.count / $0.indices.count }.max() ?? 1
        indices = parts.flatMap(\.indices)
        chunks = ActionChunks(joining: parts.map(\.chunks))
        images = images.indices.map { camera in parts.flatMap { $0.images[camera] } }
        imageShapes = imageShapes.map { [indices.count] + $0.dropFirst() }
        imageShifts = imageShifts.indices.map { camera in parts.flatMap { $0.imageShifts[camera] } }
        hasImage = parts.flatMap(\.hasImage)
        text = parts.flatMap { part in
            let own = part.text.count / part.indices.count
            return part.indices.indices.flatMap { row in
                part.text[row * own ..< (row + 1) * own] + Array(repeating: 0, count: length - own)
            }
        }
        state = parts.flatMap(\.state)
        objectPoses = parts.flatMap(\.objectPoses)
        objectPositions = objectPositions.indices.map { camera in
            parts.flatMap { $0.objectPositions[camera] }
        }
        codes = parts.flatMap(\.codes)
    }
}

/// Batches in the order of a training's steps, made ahead on another thread.
final class PolicyBatches {
    private let datasets: [PolicyDataset]
    private let weights: [Double]
    private let recipe: PolicyRecipe
    private let seed: UInt64
    private var prefetcher: Prefetcher<Result<PolicyBatch, any Error>>?

    init(_ datasets: [PolicyDataset], weights: [Double], _ recipe: PolicyRecipe, seed: UInt64) {
        (self.datasets, self.weights, self.recipe, self.seed) = (datasets, weights, recipe, seed)
    }

    deinit { prefetcher?.cancel() }

    /// Begins to make the batches of the steps from `step` on.
    func begin(at step: Int) {
        let (datasets, seed, augmentation) = (self.datasets, self.seed, recipe.augmentation)
        let steps = step ..< max(step, recipe.optimization.steps)
        let order = MixtureOrder(
            counts: datasets.map(\.count),
            weights: weights,
            batchSize: recipe.optimization.batchSize,
            seed: seed
        )
        prefetcher = Prefetcher(steps, state: order) { order, step in
            let parts = order.parts(step: step)
            return Result {
                PolicyBatch(
                    joining: try parts.map { part in
                        try datasets[part.source].batch(
                            part.indices,
                            augmentation: augmentation,
                            seed: seed,
                            step: step
                        )
                    }
                )
            }
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
