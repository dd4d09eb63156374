public import PolicyProtocol
public import RobotTypes

/// Answers observations with the motion that a policy proposes.
public struct PolicyHandler: MessageHandler {
    /// The policy's contract, in openpi's terms.
    public let metadata: WireValue

    private let policy: any Policy
    private let decoder: ObservationDecoder

    /// Creates a handler that asks `policy`.
    ///
    /// - Parameters:
    ///   - policy: Answers observations.
    ///   - serverName: Name of the program, for the metadata.
    ///   - version: Version of the program, for the metadata.
    public init(policy: any Policy, serverName: String, version: String) {
        self.policy = policy
        decoder = ObservationDecoder(contract: policy.contract)
        metadata = policy.contract.metadata(server: serverName, version: version)
    }

    /// Creates a handler that asks `policy` for clients whose observations have other names.
    ///
    /// The metadata are the policy's all the same, and a client that goes by them is answered, too.
    ///
    /// - Parameters:
    ///   - policy: Answers observations.
    ///   - names: How the clients call what the policy sees.
    ///   - serverName: Name of the program, for the metadata.
    ///   - version: Version of the program, for the metadata.
    /// - Throws: `ObservationNamesError` for names of what the policy does not see.
    public init(
        policy: any Policy,
        names: ObservationNames,
        serverName: String,
        version: String
    ) throws(ObservationNamesError) {
        self.policy = policy
        decoder = try ObservationDecoder(contract: policy.contract, names: names)
        metadata = policy.contract.metadata(server: serverName, version: version)
    }

    /// The chunk that the policy proposes, with the time that it and its stages took.
    ///
    /// - Throws: `ObservationError` for an observation outside the contract, `AnswerOptionError` for an answer that
    ///   cannot be given, ``PolicyAnswerError`` for a chunk that no robot should follow, and whatever the policy throws.
    public func reply(to message: WireValue, connection: ConnectionID) async throws -> WireValue {
        var observation = try decoder.observation(from: message)
        observation.options = try AnswerOptions(of: message)
        try check(observation.options.pending)
        let start = ContinuousClock.now
        let answer = try await policy.act(on: observation)
        let duration = ContinuousClock.now - start
        let chunk = answer.chunk
        if let index = chunk.values.firstIndex(where: { !$0.isFinite }) {
            throw PolicyAnswerError(
                step: index / chunk.dimension,
                column: index % chunk.dimension,
                value: chunk.values[index]
            )
        }
        return answer.reply(inferenceTime: duration)
    }

    /// Makes sure that a policy which can be told pending actions understands these; another one ignores them.
    private func check(_ pending: ActionChunk?) throws(AnswerOptionError) {
        let contract = policy.contract
        guard let pending, contract.pendingSteps > 0 else { return }
        guard pending.dimension == contract.actionSpace.dimension, pending.horizon <= contract.pendingSteps
        else {
            throw AnswerOptionError(
                key: WireKey.committedActions,
                expected:
                    "at most \(contract.pendingSteps) steps of \(contract.actionSpace.dimension) columns",
                found: "shape \([pending.horizon, pending.dimension])"
            )
        }
    }
}

/// A chunk with a number that no robot should follow.
public struct PolicyAnswerError: Error, Equatable, CustomStringConvertible {
    /// Control step of the chunk.
    public let step: Int

    /// Column of the action.
    public let column: Int

    /// NaN or an infinity.
    public let value: Float

    /// The error in a sentence.
    public var description: String {
        "actions: the policy answered \(value) at step \(step), column \(column); hold the robot still and check "
            + "the checkpoint and its normalization"
    }
}
