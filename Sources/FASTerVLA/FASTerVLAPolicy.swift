public import ActionTokenizers
internal import Backbones
internal import FASTerVQ
internal import Foundation
internal import NN
public import RobotTypes
internal import TextTokenizer
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
    ///   - tokenizer: Turns the predicted codes into actions.
    ///   - state: How states are normalised.
    ///   - device: Where the weights live.
    ///   - blockSize: Codes of one forward; the configuration's own unless said otherwise.
    public init(
        configuration: PolicyConfiguration,
        network: FASTerVLANetwork,
        tokenizer: any ActionTokenizer,
        state: Normalization,
        device: Device,
        blockSize: Int? = nil
    ) {
        contract = configuration.contract
        runner = Runner(
            contract: configuration.contract,
            states: StateTokenizer(normalization: state, binCount: configuration.backbone.stateBins),
            network: network,
            decoder: BlockDecoder(network, blockSize: blockSize, sampling: configuration.sampling),
            tokenizer: tokenizer,
            device: device
        )
    }

    /// Predicts the chunk that follows `observation`, in the robot's units, clipped to the range that the
    /// tokenizer was trained on.
    ///
    /// - Throws: ``ObservationError`` when the observation does not fulfil ``contract``, or what the tokenizer
    ///   throws.
    public func act(on observation: Observation) async throws -> PolicyAnswer {
        try ObservationError.check(observation, against: contract)
        return try await runner.answer(to: observation)
    }

    /// Forgets the randomness of earlier answers: the same seed and observations give the same samples.
    public func seed(_ seed: UInt64) async { await runner.seed(seed) }
}

/// The actor that owns the network's thread.
private actor Runner {
    private let executor = TensorExecutor(name: "policy")
    private let contract: PolicyContract
    private let states: StateTokenizer
    private let network: FASTerVLANetwork
    private let decoder: BlockDecoder
    private let tokenizer: any ActionTokenizer
    private let device: Device

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(
        contract: PolicyContract,
        states: StateTokenizer,
        network: FASTerVLANetwork,
        decoder: BlockDecoder,
        tokenizer: any ActionTokenizer,
        device: Device
    ) {
        self.contract = contract
        self.states = states
        self.network = network
        self.decoder = decoder
        self.tokenizer = tokenizer
        self.device = device
    }

    func seed(_ seed: UInt64) { Torch.seed(seed) }

    func answer(to observation: Observation) throws -> PolicyAnswer {
        try withoutGradients {
            var stopwatch = Stopwatch(device)
            let prefix = network.backbone.prefix(of: input(observation))
            let prefixTime = stopwatch.lap()
            let decoding = decoder.decoding(after: prefix)
            _ = stopwatch.lap()  // the decoder has timed the blocks itself
            let chunk = try chunk(of: decoding)
            let timing = StageTiming(
                prefix: prefixTime,
                blocks: decoding.blockTimes,
                detokenization: stopwatch.lap()
            )
            return PolicyAnswer(chunk, timing: timing)
        }
    }

    /// The decoded motion in the robot's units.
    private func chunk(of decoding: BlockDecoding) throws -> ActionChunk {
        let chunks = try tokenizer.chunks(for: [decoding.codes.integers])
        let clipped = chunks.values.map { min(1, max(-1, $0)) }
        return ActionChunk(
            horizon: chunks.horizon,
            dimension: chunks.dimension,
            values: tokenizer.normalization.restored(clipped)
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

    /// A backbone with first weights.
    func makeBackbone(device: Device) -> any Backbone {
        switch self {
        case .compact(let configuration): CompactBackbone(configuration, device: device)
        }
    }
}
