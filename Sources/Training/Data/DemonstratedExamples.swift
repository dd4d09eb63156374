internal import ActionTokenizers
public import FASTerVLA
internal import LeRobot
public import RobotTypes

/// Frames of a dataset as a policy's observations, with the actions that followed them.
public struct DemonstratedExamples {
    /// Number of examples.
    public var count: Int { examples.count }

    private let examples: [(row: Int, chunk: Int)]
    private let chunks: ActionChunks
    private let states: MappedColumns
    private let store: FrameStore
    /// Camera of the policy, feature of the dataset and size of the images.
    private let cameras: [(camera: PolicyContract.Camera, feature: String)]
    private let tasks: [String]
    private let taskIndex: [Int]

    /// Takes `count` frames, evenly spaced.
    ///
    /// - Parameters:
    ///   - demonstrations: The dataset, mapped as for the policy's training.
    ///   - episodes: Episodes to take frames of; nil for all.
    ///   - policy: The policy.
    ///   - count: Number of frames, or fewer where there are not so many.
    /// - Throws: ``DemonstrationsError`` for a dataset of another robot; the errors of datasets.
    public init(
        _ demonstrations: Demonstrations,
        episodes: [Int]?,
        for policy: PolicyFolder.Parts,
        count: Int
    ) throws {
        let (contract, transform) = (policy.configuration.contract, policy.actions.normalization.transform)
        let horizon =
            switch policy.configuration.head {
            case .blocks: policy.actions.tokenizer?.horizon ?? contract.horizon
            case .flow(let head): head.horizon
            case .regression(let head): head.horizon
            }
        // Chunks of a duration, of as many steps as the policy's.
        let demonstrations =
            transform?.resampling.map {
                demonstrations.spanning(seconds: Double(horizon) / $0.modelRate, in: horizon)
            } ?? demonstrations
        guard demonstrations.actionSpace == contract.actionSpace else {
            throw demonstrations.error(
                "has the action groups \(demonstrations.actionSpace), the policy \(contract.actionSpace)"
            )
        }
        guard demonstrations.transform == transform else {
            throw demonstrations.error(
                "the policy's actions are relative to states or continuous in another way: pass the --mapping or "
                    + "--relative that it was trained with"
            )
        }
        states = try demonstrations.states()
        guard states.dimension == contract.stateDimension else {
            throw demonstrations.error(
                "has states of \(states.dimension) values, the policy takes \(contract.stateDimension)"
            )
        }
        try demonstrations.check(states, episodes: episodes)
        let known = try demonstrations.cameras()
        if let absent = contract.cameras.first(where: { !known.contains($0.name) }) {
            throw demonstrations.error("has no camera \(absent.name), which the policy sees by")
        }
        cameras = try contract.cameras.map { ($0, try demonstrations.imageFeature(of: $0.name)) }
        chunks = try demonstrations.chunks(horizon: horizon, episodes: episodes)
        let rows = demonstrations.rows(of: episodes)
        let taken = min(count, rows.count)
        examples = (0 ..< taken).map { ($0 * rows.count / taken) }.map { (rows[$0], $0) }
        let sizes = cameras.map { ($0.feature, ($0.camera.height, $0.camera.width)) }
        store = try FrameStore(
            dataset: demonstrations.dataset,
            cameras: cameras.map(\.feature),
            scaledSizes: Dictionary(sizes) { first, _ in first },
            // Few frames of many episodes: none is worth decoding whole.
            episodes: [],
            byteBudget: 0
        )
        (tasks, taskIndex) = (demonstrations.dataset.tasks, demonstrations.table.taskIndex)
    }

    /// An observation, and the actions that followed it, as the policy learns them, not normalised.
    ///
    /// - Throws: `LeRobotError` for a damaged video.
    public func callAsFunction(_ index: Int) throws -> (observation: Observation, actions: ActionChunks) {
        let (row, chunk) = examples[index]
        var images: [String: Image] = [:]
        for (camera, feature) in cameras {
            let size = camera.height * camera.width * 3
            let pixels = try [UInt8](unsafeUninitializedCapacity: size) { target, count in
                try store.pixels(camera: feature, frame: row, into: target)
                count = size
            }
            images[camera.name] = Image(width: camera.width, height: camera.height, pixels: pixels)
        }
        let observation = Observation(
            images: images,
            state: Array(states.values.row(row)),
            instruction: taskIndex[row] < 0 ? "" : tasks[taskIndex[row]]
        )
        return (observation, chunks[chunk ..< chunk + 1])
    }
}
