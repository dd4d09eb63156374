internal import ActionTokenizers
internal import Backbones
internal import FASTerVQ
internal import Foundation
internal import NN
public import RobotTypes
public import Torch

/// A trained policy that answers observations: images, instruction and state in, a chunk of actions out.
///
/// All tensor work runs on one thread of its own; callers may come from anywhere and are served in turn.
public final class FASTerVLAPolicy: Policy {
    /// The observation it accepts and the chunk it gives.
    public let contract: PolicyContract

    private let runner: Runner

    /// Creates a policy from its parts.
    ///
    /// - Parameters:
    ///   - configuration: What the policy is.
    ///   - network: The trained weights.
    ///   - actions: Turns what the head predicts into actions.
    ///   - state: How states are normalised.
    ///   - device: Where the weights live.
    ///   - decoding: How it decodes, where that is not left to the configuration.
    public init(
        configuration: PolicyConfiguration,
        network: FASTerVLANetwork,
        actions: ActionCoding,
        state: Normalization,
        device: Device,
        decoding: DecodingSettings = DecodingSettings()
    ) {
        var contract = configuration.contract
        if case .codes(let head) = configuration.head { contract.committedSteps = head.pendingSteps }
        self.contract = contract
        runner = Runner(
            contract: contract,
            states: StateTokenizer(normalization: state, binCount: configuration.backbone.stateBins),
            network: network,
            decoder: AnswerDecoder(network, tokenizer: actions.tokenizer, settings: decoding),
            normalization: actions.normalization,
            device: device,
            deadline: decoding.deadline
        )
    }

    /// Predicts the chunk that follows `observation`, in the robot's units, clipped to the range that the
    /// tokenizer was trained on.
    ///
    /// A request with a deadline gets the coarse codebooks that are ready in time, at least one; the time counts from
    /// this call, the wait for earlier requests included.
    ///
    /// - Throws: ``ContractError`` when the observation does not fulfil ``contract``, or what the tokenizer
    ///   throws.
    public func act(on observation: Observation) async throws -> PolicyPrediction {
        let arrival = ContinuousClock.now
        try ContractError.check(observation, against: contract)
        return try await runner.answer(to: observation, arrival: arrival)
    }
}

/// The actor that owns the network's thread.
private actor Runner {
    private let executor = TensorExecutor(name: "policy")
    private let contract: PolicyContract
    private let states: StateTokenizer
    private let network: FASTerVLANetwork
    private var decoder: AnswerDecoder
    /// Of actions.
    private let normalization: Normalization
    private let device: Device
    /// Of requests that name none.
    private let deadline: Duration?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(
        contract: PolicyContract,
        states: StateTokenizer,
        network: FASTerVLANetwork,
        decoder: AnswerDecoder,
        normalization: Normalization,
        device: Device,
        deadline: Duration?
    ) {
        self.contract = contract
        self.states = states
        self.network = network
        self.decoder = decoder
        self.normalization = normalization
        self.device = device
        self.deadline = deadline
    }

    func answer(to observation: Observation, arrival: ContinuousClock.Instant) throws -> PolicyPrediction {
        let deadline = (observation.options.deadline ?? deadline).map { arrival + $0 }
        if let seed = observation.options.seed { Torch.seed(seed) }
        return try withoutGradients {
            var stopwatch = Stopwatch(device)
            let prefix = network.backbone.prefix(of: input(observation))
            let prefixTime = stopwatch.lap()
            let answer = try decoder.answer(
                after: prefix,
                pending: pending(observation.options),
                before: deadline
            )
            let decodingTime = stopwatch.lap()
            let timing = StageTiming(
                prefix: prefixTime,
                blocks: answer.blockTimes,
                detokenization: decodingTime - answer.blockTimes.reduce(.zero, +)
            )
            let chunk = ActionChunk(
                horizon: answer.chunks.horizon,
                dimension: answer.chunks.dimension,
                values: normalization.restored(answer.chunks.values)
            )
            return PolicyPrediction(chunk, timing: timing, codebooks: answer.codebooks)
        }
    }

    /// The actions to go on from, normalised `[1, steps, dimension]`, for a policy that can be told.
    private func pending(_ options: PredictionOptions) -> Tensor? {
        guard let pending = options.committedActions, contract.committedSteps > 0 else { return nil }
        return Tensor(
            normalization.normalizedWithinRecorded(pending.values),
            shape: [1, pending.horizon, pending.dimension],
            device: device
        )
    }

    private func input(_ observation: Observation) -> PrefixInput {
        let images = contract.cameras.compactMap { camera in
            observation.images[camera.name].map {
                Tensor($0.pixels, shape: [1, camera.height, camera.width, 3], device: device)
            }
        }
        let text = ByteTokenizer().ids(for: observation.instruction)
        let bins = states.bins(for: observation.state)
        return PrefixInput(
            images: images,
            text: Tensor(
                text.isEmpty ? [ByteTokenizer.padding] : text,
                shape: [1, max(1, text.count)],
                device: device
            ),
            state: Tensor(bins, shape: [1, bins.count], device: device)
        )
    }
}

extension Normalization {
    /// Rows in the feature's units, `[n, dimension]`, mapped, and moved to where recorded values lie.
    ///
    /// A policy has seen none beyond, and what is finite in the robot's units need not be so once it is mapped.
    fileprivate func normalizedWithinRecorded(_ values: [Float]) -> [Float] {
        let (lowest, largest) = (normalized(statistics.min), normalized(statistics.max))
        return normalized(values).enumerated().map { index, value in
            let column = index % lowest.count
            return min(largest[column], max(lowest[column], value))
        }
    }
}

extension PolicyConfiguration.BackboneConfiguration {
    /// Height and width of every picture it reads, and the length of the state.
    var seen: (pictures: [[Int]], stateDimension: Int) {
        switch self {
        case .compact(let configuration):
            (configuration.cameras.map { [$0.height, $0.width] }, configuration.stateDimension)
        }
    }

    /// Bins that a state value falls into.
    var stateBins: Int {
        switch self {
        case .compact(let configuration): configuration.stateBins
        }
    }

    /// Whether it can answer without an expert.
    var supportsDecoding: Bool {
        switch self {
        case .compact(let configuration): configuration.supportsDecoding
        }
    }

    /// A backbone with first weights.
    func makeBackbone(device: Device) -> any Backbone {
        switch self {
        case .compact(let configuration): CompactBackbone(configuration, device: device)
        }
    }
}
