internal import ActionTokenizers
internal import Backbones
public import RobotTypes
public import Torch

/// Predictions of two policies of one head for the same observations: a policy, and what quantization made of it.
///
/// Tokens are decoded greedily, each policy from its own: one that differs may lead to others.
public struct PolicyAgreement: Encodable, Sendable {
    /// Number of observations.
    public private(set) var observations = 0

    /// Number of tokens, of the longer prediction; 0 for heads without.
    public private(set) var tokens = 0

    /// Number of tokens that the second policy predicts otherwise, or not at all.
    public private(set) var changedTokens = 0

    /// Mean absolute difference of the policies' actions, normalised.
    public private(set) var actionDifference = 0.0

    /// Largest absolute difference of the policies' actions, normalised.
    public private(set) var largestActionDifference = 0.0

    /// Mean absolute differences of the policies' actions from the demonstrated ones, normalised: of the first policy, and of the
    /// second.
    public private(set) var actionErrors = [0.0, 0.0]

    /// Fraction of tokens that change; nil for heads without.
    public var changedTokenFraction: Double? {
        tokens > 0 ? Double(changedTokens) / Double(tokens) : nil
    }

    /// No observations.
    init() {}

    private enum CodingKeys: String, CodingKey {
        case observations, tokens, changedTokens, changedTokenFraction, actionDifference,
            largestActionDifference, actionErrors
    }

    /// Writes the counts and errors, and the fraction of tokens where there are any.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(observations, forKey: .observations)
        try container.encode(tokens, forKey: .tokens)
        try container.encode(changedTokens, forKey: .changedTokens)
        try container.encodeIfPresent(changedTokenFraction, forKey: .changedTokenFraction)
        try container.encode(actionDifference, forKey: .actionDifference)
        try container.encode(largestActionDifference, forKey: .largestActionDifference)
        try container.encode(actionErrors, forKey: .actionErrors)
    }

    /// Adds the predictions of both policies, one chunk each, for an observation that was followed by `demonstrated`,
    /// normalised.
    mutating func add(
        _ predictions: [ActionDecoder.Prediction],
        demonstrated: ActionChunks
    ) {
        let (first, second) = (predictions[0], predictions[1])
        if let before = first.sequences?.first, let after = second.sequences?.first {
            let longest = max(before.count, after.count)
            tokens += longest
            changedTokens += longest - zip(before, after).count { $0 == $1 }
        }
        let differences = zip(first.chunks.values, second.chunks.values).map { Double(abs($0 - $1)) }
        let mean = differences.reduce(0, +) / Double(differences.count)
        func updated(_ old: Double, _ new: Double) -> Double { old + (new - old) / Double(observations) }
        observations += 1
        actionDifference = updated(actionDifference, mean)
        largestActionDifference = max(largestActionDifference, differences.max() ?? 0)
        actionErrors = zip(actionErrors, predictions).map { error, prediction in
            updated(error, Double(ReconstructionErrors(demonstrated, prediction.chunks).l1))
        }
    }
}

extension PolicyAgreement {
    /// Decodes observations with two policies.
    ///
    /// - Parameters:
    ///   - policies: The two, of one contract.
    ///   - count: Number of observations.
    ///   - device: Device of the weights.
    ///   - example: Gives an observation, and the actions that followed it, as the policy learns them, not normalised.
    ///   - progress: Called after every observation with the number done.
    /// - Throws: The errors of `example`, text tokenizers and the policies' tokenizer.
    public init(
        _ policies: (PolicyFolder.Parts, PolicyFolder.Parts),
        count: Int,
        device: Device,
        example: (_ index: Int) throws -> (observation: Observation, actions: ActionChunks),
        progress: (_ done: Int) -> Void = { _ in }
    ) throws {
        self.init()
        var predictors = try [policies.0, policies.1].map { try Predictor($0, device: device) }
        for index in 0 ..< count {
            let (observation, actions) = try example(index)
            var demonstrated = actions
            demonstrated.values = policies.0.actions.normalization.normalized(actions.values)
            let predictions = try predictors.indices.map { try predictors[$0].predict(observation) }
            add(predictions, demonstrated: demonstrated)
            progress(index + 1)
        }
    }
}

/// A policy that decodes without chance.
private struct Predictor {
    private let network: FASTerVLANetwork
    private let input: PolicyInput
    private var decoder: ActionDecoder

    init(_ parts: PolicyFolder.Parts, device: Device) throws {
        network = parts.network
        input = PolicyInput(
            parts.configuration,
            try parts.configuration.backbone.makeProcessor(parts.model),
            embodiment: parts.embodiment,
            states: StateTokenizer(
                normalization: parts.state,
                binCount: parts.configuration.backbone.stateBins
            ),
            device: device
        )
        var greedy = DecodingSettings()
        greedy.temperature = 0
        decoder = ActionDecoder(
            parts.network,
            actions: parts.actions,
            settings: greedy,
            backend: InferenceBackend(fastestFor: parts.network)
        )
    }

    mutating func predict(_ observation: Observation) throws -> ActionDecoder.Prediction {
        // Noise of a flow head is the same for both policies.
        Torch.seed(0)
        return try withoutGradients {
            try decoder.predict(after: network.backbone.prefix(of: try input([observation])))
        }
    }
}
