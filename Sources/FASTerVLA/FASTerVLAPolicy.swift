public import Backbones
internal import NN
public import RobotTypes
public import Torch

/// A trained policy: images, instruction and state in, a chunk of actions out.
///
/// All tensor work runs on one thread of its own; calls may come from any task and are served in turn.
public final class FASTerVLAPolicy: BatchPolicy {
    /// The observations that it takes, and the chunks that it gives.
    public let contract: PolicyContract

    private let runner: Runner
    private let decodesBatches: Bool

    /// Creates a policy from its parts.
    ///
    /// - Parameters:
    ///   - configuration: Architecture and contract.
    ///   - embodiment: Position of the contract's robot in the mixture; nil for a policy of one robot.
    ///   - network: The trained weights.
    ///   - processor: Observations as inputs of the network's backbone.
    ///   - actions: Normalization of actions, with the tokenizer of a head of tokens.
    ///   - state: Normalization of states.
    ///   - device: Device of the weights.
    ///   - decoding: Decoding, as far as it is not left to the configuration.
    ///   - backend: Forwards that decoding repeats; nil takes the network's own modules.
    public init(
        configuration: PolicyConfiguration,
        embodiment: Int? = nil,
        network: FASTerVLANetwork,
        processor: any InputProcessor,
        actions: ActionCoding,
        state: Normalization,
        device: Device,
        decoding: DecodingSettings = DecodingSettings(),
        backend: InferenceBackend? = nil
    ) {
        var contract = configuration.contract
        if case .blocks(let head) = configuration.head { contract.committedSteps = head.committedSteps }
        self.contract = contract
        let states = StateTokenizer(normalization: state, binCount: configuration.backbone.stateBins)
        let backend = backend ?? InferenceBackend(network)
        let decoder = ActionDecoder(network, actions: actions, settings: decoding, backend: backend)
        decodesBatches = decoder.decodesBatches && decoding.deadline == nil
        runner = Runner(
            input: PolicyInput(
                configuration,
                processor,
                embodiment: embodiment,
                states: states,
                device: device
            ),
            network: network,
            prefixEncoder: backend.prefixEncoder,
            decoder: decoder,
            normalization: actions.normalization,
            device: device,
            deadline: decoding.deadline,
            committedSteps: contract.committedSteps,
            columns: configuration.largestDimension
        )
    }

    /// Predicts the chunk that follows `observation`, in the robot's units, clipped to the range of recorded actions.
    ///
    /// A request with a deadline gets the coarse codebooks that are ready in time, at least one; the time counts from
    /// this call, the wait for earlier requests included.
    ///
    /// - Throws: The tokenizer's errors.
    public func act(on observation: Observation) async throws -> PolicyPrediction {
        let arrival = ContinuousClock.now
        return try await runner.predict(observation, arrival: arrival)
    }

    /// Returns true unless the observation has a deadline or committed actions; false with a head of flow matching, several
    /// samples a chunk, or a deadline of the policy's own.
    public func canBatch(_ observation: Observation) -> Bool {
        decodesBatches && observation.options.deadline == nil && observation.options.committedActions == nil
    }

    /// Predicts the chunks that follow `observations`, in one forward where all of them can be batched, otherwise one after the
    /// other.
    ///
    /// - Throws: The tokenizer's errors.
    public func act(on observations: [Observation]) async throws -> [PolicyPrediction] {
        let arrival = ContinuousClock.now
        guard observations.count > 1, observations.allSatisfy(canBatch) else {
            var predictions: [PolicyPrediction] = []
            for observation in observations {
                predictions.append(try await runner.predict(observation, arrival: arrival))
            }
            return predictions
        }
        return try await runner.predict(observations, arrival: arrival)
    }

    /// Predicts from a synthetic observation, so that the first request with a deadline meets measured latencies.
    ///
    /// The random generator is left as it was.
    ///
    /// - Throws: The tokenizer's errors.
    public func warmUp() async throws { try await runner.warmUp() }
}

/// The actor that owns the network's thread.
private actor Runner {
    private let executor = TensorExecutor(name: "policy")
    private let input: PolicyInput
    private let network: FASTerVLANetwork
    private let prefixEncoder: any PrefixEncoder
    private var decoder: ActionDecoder
    /// Normalization of actions.
    private let normalization: Normalization
    private let device: Device
    /// Deadline of requests that name none.
    private let deadline: Duration?
    private let committedSteps: Int
    /// Columns of an action that the network reads.
    private let columns: Int

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(
        input: PolicyInput,
        network: FASTerVLANetwork,
        prefixEncoder: any PrefixEncoder,
        decoder: ActionDecoder,
        normalization: Normalization,
        device: Device,
        deadline: Duration?,
        committedSteps: Int,
        columns: Int
    ) {
        self.input = input
        self.network = network
        self.prefixEncoder = prefixEncoder
        self.decoder = decoder
        self.normalization = normalization
        self.device = device
        self.deadline = deadline
        self.committedSteps = committedSteps
        self.columns = columns
    }

    func predict(_ observation: Observation, arrival: ContinuousClock.Instant) throws -> PolicyPrediction {
        let waitingTime = ContinuousClock.now - arrival
        let deadline = (observation.options.deadline ?? deadline).map { arrival + $0 }
        if let seed = observation.options.seed { Torch.seed(seed) }
        return try withoutGradients {
            var stopwatch = Stopwatch(device)
            let prefix = prefixEncoder.prefix(of: try input([observation]))
            let prefixTime = stopwatch.lap()
            let prediction = try decoder.predict(
                after: prefix,
                committed: committed(observation),
                before: deadline
            )
            let decodingTime = stopwatch.lap()
            let timing = StageTiming(
                prefix: prefixTime,
                blocks: prediction.blockTimes,
                detokenization: decodingTime - prediction.blockTimes.reduce(.zero, +)
            )
            return PolicyPrediction(
                robotUnits(prediction.chunks[0 ..< 1], after: observation),
                timing: timing,
                codebooks: prediction.codebooks,
                tokens: prediction.tokens,
                waitingTime: waitingTime
            )
        }
    }

    /// Predicts in one forward; none of the observations has a deadline or committed actions.
    func predict(_ observations: [Observation], arrival: ContinuousClock.Instant) throws -> [PolicyPrediction]
    {
        let waitingTime = ContinuousClock.now - arrival
        let batch = try withoutGradients { try input(observations) }
        guard network.isIndependent(batch) else {
            return try observations.map { try predict($0, arrival: arrival) }
        }
        return try withoutGradients {
            var stopwatch = Stopwatch(device)
            let prefix = prefixEncoder.prefix(of: batch)
            let prefixTime = stopwatch.lap()
            // A copy: deadlines are estimated from the latencies of single requests.
            var decoder = decoder
            let prediction = try decoder.predict(after: prefix, seeds: observations.map(\.options.seed))
            let decodingTime = stopwatch.lap()
            let timing = StageTiming(
                prefix: prefixTime,
                blocks: prediction.blockTimes,
                detokenization: decodingTime - prediction.blockTimes.reduce(.zero, +)
            )
            return observations.indices.map { row in
                PolicyPrediction(
                    robotUnits(prediction.chunks[row ..< row + 1], after: observations[row]),
                    timing: timing,
                    codebooks: prediction.chunkCodebooks?[row],
                    tokens: prediction.sequences?[row].count,
                    waitingTime: waitingTime
                )
            }
        }
    }

    /// One normalised chunk in the robot's units; relative actions are added to the observed state.
    private func robotUnits(_ chunk: ActionChunks, after observation: Observation) -> ActionChunk {
        var chunk = chunk
        chunk.values = normalization.restored(chunk.values)
        return (normalization.transform?.restored(chunk, states: observation.state) ?? chunk)[0]
    }

    func warmUp() throws {
        let randomState = Torch.randomState
        defer { Torch.randomState = randomState }
        // The first forward of a process takes many times longer than those that follow, so its latencies are dropped.
        let decoder = decoder
        try predictSynthetic()
        self.decoder = decoder
        try predictSynthetic()
    }

    private func predictSynthetic() throws {
        try withoutGradients {
            _ = try decoder.predict(after: prefixEncoder.prefix(of: try input([input.synthetic])))
        }
    }

    /// The committed actions, normalised `[1, steps, dimension]`, for a policy that was trained with them.
    ///
    /// Clipped to the range of recorded actions: the policy has seen none beyond, and numbers that are finite in the robot's
    /// units need not be so once normalised.
    private func committed(_ observation: Observation) -> Tensor? {
        guard let actions = observation.options.committedActions, committedSteps > 0 else { return nil }
        var chunks = ActionChunks(
            count: 1,
            horizon: actions.horizon,
            dimension: actions.dimension,
            values: actions.values
        )
        if let transform = normalization.transform {
            chunks = transform.transformed(chunks, states: observation.state)
        }
        chunks.values = normalization.clipped(normalization.normalized(chunks.values))
        return Tensor(
            chunks.keeping(columns: columns).values,
            shape: [1, actions.horizon, columns],
            device: device
        )
    }
}
