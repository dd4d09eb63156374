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

    /// Observations as its inputs.
    let processor: any InputProcessor

    /// Images, tokens and states; images of cameras that a robot lacks are black, and there are none beside features.
    var observations = ObservationBatch(images: [], hasImage: [], tokens: [], state: [])

    /// Features of every camera's images by a frozen encoder, in half precision, `[B]` and ``featureShapes``; zeros of
    /// cameras that a robot lacks, empty where the backbone reads images.
    var imageFeatures: [[UInt8]] = []

    /// Shape of the features of every camera's image, `[rows, columns, channels]`.
    var featureShapes: [[Int]] = []

    /// Shifts of every camera's images by augmentation, `[B]`.
    var imageShifts: [[ImageShift]] = []

    /// Normalised object poses, `[B, M]`; empty without the object-pose task.
    var objectPoses: [Float] = []

    /// Image positions of every camera's objects, `[B, objects, 2]`; empty without the object-pose task.
    var objectPositions: [[Float]] = []

    /// Codes to predict, `[B, codeCount]`; empty for heads that predict values.
    var codes: [Int] = []

    /// Number of leading codebooks that each chunk needs, `[B]`; empty for heads that end no chunk early.
    var requiredCodebooks: [Int] = []

    /// The observations on `device`, as the backbone reads them.
    func input(on device: Device) -> PrefixInput {
        let count = indices.count
        var input = processor(observations, device: device)
        if !imageFeatures.isEmpty {
            input.imageFeatures = zip(imageFeatures, featureShapes).map { bytes, shape in
                bytes.withUnsafeBytes { Tensor(bytes: $0, dtype: .float16, shape: [count] + shape) }.to(
                    device
                )
            }
        }
        return input
    }

    /// The actions on `device`, as the head is trained on them.
    func targets(on device: Device) -> ActionTargets {
        let count = indices.count
        let isValid = chunks.validSteps.flatMap { valid in (0 ..< chunks.horizon).map { $0 < valid } }
        return ActionTargets(
            actions: Tensor(chunks.values, shape: [count, chunks.horizon, chunks.dimension], device: device),
            isValid: Tensor(isValid, shape: [count, chunks.horizon], device: device),
            codes: codes.isEmpty ? nil : Tensor(codes, shape: [count, codes.count / count], device: device),
            requiredCodebooks: requiredCodebooks.isEmpty ? nil : Tensor(requiredCodebooks, device: device)
        )
    }
}

extension PolicyBatch {
    /// The examples of `parts`, one after the other, as one batch.
    init(joining parts: [PolicyBatch]) {
        self = parts[0]
        guard parts.count > 1 else { return }
        indices = parts.flatMap(\.indices)
        chunks = ActionChunks(joining: parts.map(\.chunks))
        observations = ObservationBatch(joining: parts.map(\.observations))
        imageFeatures = imageFeatures.indices.map { camera in parts.flatMap { $0.imageFeatures[camera] } }
        imageShifts = imageShifts.indices.map { camera in parts.flatMap { $0.imageShifts[camera] } }
        objectPoses = parts.flatMap(\.objectPoses)
        objectPositions = objectPositions.indices.map { camera in
            parts.flatMap { $0.objectPositions[camera] }
        }
        codes = parts.flatMap(\.codes)
        requiredCodebooks = parts.flatMap(\.requiredCodebooks)
    }
}

/// Batches in the order of a training's steps, in the parts of gradient accumulation, made ahead on another thread.
final class PolicyBatches {
    private let datasets: [PolicyDataset]
    private let weights: [Double]
    private let recipe: PolicyRecipe
    private let seed: UInt64
    /// The processes that share the batches; nil for one.
    private let processes: ProcessGroup?
    private let device: Device
    private var prefetcher: Prefetcher<Result<[LoadedBatch], any Error>>?

    init(
        _ datasets: [PolicyDataset],
        weights: [Double],
        _ recipe: PolicyRecipe,
        seed: UInt64,
        processes: ProcessGroup?,
        device: Device
    ) {
        self.device = device
        (self.datasets, self.weights, self.recipe, self.seed) = (datasets, weights, recipe, seed)
        self.processes = processes
    }

    deinit { prefetcher?.cancel() }

    /// Begins to make the batches of the steps from `step` on.
    func begin(at step: Int) {
        let (datasets, processes, augmentation) = (self.datasets, self.processes, recipe.augmentation)
        let partCount = recipe.optimization.accumulationSteps
        let (device, stream) = (self.device, SideStream(on: self.device))
        // Augmentation differs between processes, and between parts.
        let ownSeed = seed &+ UInt64(processes?.rank ?? 0) &* 0x9E37_79B9_7F4A_7C15
        let steps = step ..< max(step, recipe.optimization.steps)
        let order = MixtureOrder(
            counts: datasets.map(\.count),
            weights: weights,
            batchSize: recipe.optimization.batchSize,
            seed: seed
        )
        prefetcher = Prefetcher(steps, state: order) { order, step in
            let whole = order.parts(step: step)
            let shares = processes?.share(of: whole) ?? whole
            return Result {
                try (0 ..< partCount).map { position in
                    let seed = ownSeed &+ UInt64(position) &* 0xD1B5_4A32_D192_ED03
                    let batch = PolicyBatch(
                        joining: try shares.share(position, of: partCount).map { part in
                            try datasets[part.source].batch(
                                part.indices,
                                augmentation: augmentation,
                                seed: seed,
                                step: step
                            )
                        }
                    )
                    return LoadedBatch(batch, on: device, by: stream)
                }
            }
        }
    }

    /// The parts of the next step's batch, or of this process's share of it.
    func next() throws -> [LoadedBatch] {
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
