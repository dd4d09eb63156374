internal import ActionTokenizers
internal import Backbones
internal import FASTerVLA
internal import LeRobot
internal import RobotTypes
internal import Support
internal import Torch

/// The examples that a policy is trained or validated on: every frame of some episodes, with the chunk that starts there.
///
/// A resolved policy and demonstrations become a dataset, a dataset gives batches, and batches give tensors.
struct PolicyDataset: Sendable {
    /// Number of examples.
    let count: Int

    /// Chunks that start at the examples, normalised.
    let chunks: ActionChunks

    /// Codes to predict, `[count, codeCount]`, `Tensor.ignoreIndex` where there is nothing to predict; nil for heads that
    /// predict values.
    let codes: [Int]?

    /// Number of leading codebooks that each chunk needs, `[count]`; nil for heads that end no chunk early.
    let requiredCodebooks: [Int]?

    /// Auxiliary tasks, the same for all datasets of a policy.
    let auxiliaryTasks: [any AuxiliaryTask]

    /// Observations as inputs of the policy's backbone.
    private let processor: any InputProcessor
    private let images: PolicyImages
    /// Shape of the features of every camera's image.
    private let featureShapes: [[Int]]
    /// The dataset's image feature of every camera of the network; nil for one that it lacks.
    private let features: [String?]
    private let layout: InputLayout
    /// Columns of an action that the network reads.
    private let columns: Int
    /// Number of the source's stream of random numbers.
    private let stream: UInt64
    private let frameIndices: [Int]
    private let objectPoses: ObjectPoseLabels?
    /// Place of every camera's recorded images in the network's; empty without object poses.
    private let letterboxes: [Letterbox]

    /// Bins of states, `[count, stateDimension]`.
    private let stateBins: [Int]
    private let stateDimension: Int

    private let instructions: [String]
    private let instructionIndices: [Int]
    /// Tokens of the longest instruction, at a state in the middle of all bins.
    private let tokenCount: Int

    /// The examples in `episodes`.
    ///
    /// - Parameters:
    ///   - demonstrations: Dataset.
    ///   - episodes: Episodes.
    ///   - policy: Policy that learns from them.
    ///   - source: Position of the dataset among the policy's sources.
    ///   - recipe: Recipe of the training.
    ///   - images: Images of the cameras.
    /// - Throws: The errors of datasets and tokenizers.
    init(
        _ demonstrations: Demonstrations,
        episodes: [Int],
        for policy: ResolvedPolicy,
        source: Int,
        _ recipe: PolicyRecipe,
        images: PolicyImages
    ) throws {
        let robot = policy.robots[policy.robotOfSource[source]]
        layout = robot.layout
        features = policy.features[source]
        objectPoses = policy.objectPoses?[source]
        columns = policy.columns
        stream = UInt64(source) << 32
        let rows = demonstrations.rows(of: episodes)
        let states = try demonstrations.states()
        try demonstrations.check(states, episodes: episodes)
        count = rows.count
        self.images = images
        frameIndices = rows
        let backbone = policy.compactBackbone
        featureShapes =
            backbone?.cameras.compactMap { camera in
                backbone.map { $0.cells(of: camera) }.map { [$0.rows, $0.columns, ImageEncoder.channels] }
            } ?? []
        let processor = policy.processor
        self.processor = processor
        letterboxes = try Self.letterboxes(demonstrations, policy, source: source)
        stateDimension = states.dimension
        stateBins = StateTokenizer(normalization: robot.state, binCount: processor.stateBins)
            .bins(for: rows.flatMap { states.values.row($0) })
        let tasks = demonstrations.dataset.tasks
        let taskIndex = demonstrations.table.taskIndex
        // Frames without a task have an empty instruction.
        let isUntold = rows.contains { taskIndex[$0] < 0 }
        instructions = tasks + (isUntold ? [""] : [])
        let middle = robot.layout.networkState(
            Array(repeating: processor.stateBins / 2, count: states.dimension)
        )
        tokenCount =
            try instructions.map { try processor.tokens(instruction: $0, state: middle).count }.max() ?? 1
        instructionIndices = rows.map { taskIndex[$0] < 0 ? tasks.count : taskIndex[$0] }
        var chunks = try demonstrations.chunks(
            horizon: policy.horizon,
            episodes: episodes
        )
        try Self.checkRange(of: chunks, demonstrations, rows: rows, robot.coding.tokenizer)
        chunks.values = robot.coding.normalization.normalized(chunks.values)
        self.chunks = chunks
        let targets = try CodeTargets(chunks, robot.coding, policy.configuration.head)
        (codes, requiredCodebooks) = (targets?.codes, targets?.requiredCodebooks)
        auxiliaryTasks =
            objectPoses == nil
            ? [] : [backbone].compactMap(\.self).map { ObjectPoseTask(recipe.objectPose, backbone: $0) }
    }

    /// Place of every camera's recorded images in the network's; none where no object poses are learned.
    private static func letterboxes(
        _ demonstrations: Demonstrations,
        _ policy: ResolvedPolicy,
        source: Int
    ) throws -> [Letterbox] {
        guard policy.objectPoses != nil else { return [] }
        return try zip(policy.features[source], policy.processor.imageSizes).map { feature, size in
            let recorded = try feature.map { try demonstrations.dataset.imageSize(of: $0) }
            let network = (height: size.height, width: size.width)
            return Letterbox(recorded ?? network, in: network)
        }
    }

    /// Refuses actions far outside of the range that the tokenizer was made for.
    private static func checkRange(
        of chunks: ActionChunks,
        _ demonstrations: Demonstrations,
        rows: [Int],
        _ tokenizer: (any ActionTokenizer)?
    ) throws {
        guard let far = tokenizer?.normalization.firstFarValue(in: chunks) else { return }
        let steps = demonstrations.transform?.robotSteps(ofModel: chunks.horizon) ?? chunks.horizon
        let row = rows[far.chunk] + far.step * steps / chunks.horizon
        throw demonstrations.error(
            "action in row \(row), column \(far.column): \(far.reason); train the tokenizer on such episodes, too, or "
                + "leave them out with --episodes"
        )
    }

    /// Numbers that differ where the examples do.
    var identity: [Float] {
        (codes?.map(Float.init) ?? chunks.values) + stateBins.map(Float.init)
            + instructions.flatMap { $0.utf8.map(Float.init) } + instructionIndices.map(Float.init)
    }

    /// The batch of the examples at `indices`, changed by `augmentation`; equal arguments give equal batches.
    func batch(_ indices: [Int], augmentation: Augmentation, seed: UInt64, step: Int) throws -> PolicyBatch {
        var batch = PolicyBatch(
            indices: indices,
            chunks: chunks.gathered(indices).keeping(columns: columns),
            processor: processor
        )
        batch.observations.tokenCount = tokenCount
        var random = SeededRandom(seed: seed, 3, UInt64(step) | stream)
        for index in indices {
            let bins = stateBins[index * stateDimension ..< (index + 1) * stateDimension]
            let state = layout.networkState(
                augmentation.changed(bins, of: processor.stateBins, random: &random)
            )
            batch.observations.state += state
            batch.observations.tokens.append(
                try processor.tokens(instruction: instructions[instructionIndices[index]], state: state)
            )
            if let codes {
                let size = codes.count / count
                batch.codes += codes[index * size ..< (index + 1) * size]
            }
            if let requiredCodebooks { batch.requiredCodebooks.append(requiredCodebooks[index]) }
        }
        for camera in processor.imageSizes.indices {
            try addImages(of: camera, augmentation, seed: seed, step: step, to: &batch)
        }
        if let objectPoses {
            let rows = indices.map { frameIndices[$0] }
            batch.objectPoses = objectPoses.values(rows)
            batch.objectPositions = zip(letterboxes, objectPoses.imagePositions(rows)).map {
                $0.positions($1)
            }
        }
        batch.observations.hasImage = indices.flatMap { _ in features.map { $0 != nil } }
        return batch
    }

    /// Adds the images of `camera` to `batch`, changed by `augmentation`, or their features.
    private func addImages(
        of camera: Int,
        _ augmentation: Augmentation,
        seed: UInt64,
        step: Int,
        to batch: inout PolicyBatch
    ) throws {
        let count = batch.indices.count
        switch (images, features[camera]) {
        case (.features(let store), let feature):
            batch.featureShapes.append(featureShapes[camera])
            batch.imageFeatures.append(try encoded(feature, store, featureShapes[camera], batch.indices))
            batch.imageShifts.append(batch.indices.map { _ in ImageShift(right: 0, down: 0) })
        case (.frames(let store), let feature?):
            var random = SeededRandom(seed: seed, 2, UInt64(step) | stream, UInt64(camera))
            try addImages(of: camera, feature, store, augmentation, random: &random, to: &batch)
        case (.frames, nil):
            let size = processor.imageSizes[camera].height * processor.imageSizes[camera].width * 3
            let black = [UInt8](repeating: 0, count: size * count)
            batch.observations.images.append(processor.tiles(of: black, camera: camera))
            batch.imageShifts.append(batch.indices.map { _ in ImageShift(right: 0, down: 0) })
        }
    }

    /// The features of examples' images, in half precision; zeros where there is no such camera.
    private func encoded(
        _ feature: String?,
        _ store: ImageFeatures,
        _ shape: [Int],
        _ indices: [Int]
    ) throws -> [UInt8] {
        let size = shape.reduce(DType.float16.byteCount, *)
        guard let feature else { return [UInt8](repeating: 0, count: size * indices.count) }
        return try [UInt8](unsafeUninitializedCapacity: size * indices.count) { target, count in
            for (row, index) in indices.enumerated() {
                let room = UnsafeMutableBufferPointer(rebasing: target[row * size ..< (row + 1) * size])
                try store.copy(
                    camera: feature,
                    frame: frameIndices[index],
                    into: UnsafeMutableRawBufferPointer(room)
                )
            }
            count = size * indices.count
        }
    }

    /// Adds the images of `camera`, `[B, height, width, 3]`, changed by `augmentation`.
    private func addImages(
        of camera: Int,
        _ feature: String,
        _ frames: FrameStore,
        _ augmentation: Augmentation,
        random: inout SeededRandom,
        to batch: inout PolicyBatch
    ) throws {
        let (height, width) = (processor.imageSizes[camera].height, processor.imageSizes[camera].width)
        let size = height * width * 3
        var shifts: [ImageShift] = []
        let pixels = try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: size) { plain in
            try [UInt8](unsafeUninitializedCapacity: size * batch.indices.count) { target, count in
                for (row, index) in batch.indices.enumerated() {
                    try frames.pixels(camera: feature, frame: frameIndices[index], into: plain)
                    let image = target[row * size ..< (row + 1) * size]
                    shifts.append(
                        augmentation.apply(
                            UnsafeBufferPointer(plain),
                            height: height,
                            width: width,
                            to: UnsafeMutableBufferPointer(rebasing: image),
                            random: &random
                        )
                    )
                }
                count = size * batch.indices.count
            }
        }
        batch.observations.images.append(processor.tiles(of: pixels, camera: camera))
        batch.imageShifts.append(shifts)
    }
}
