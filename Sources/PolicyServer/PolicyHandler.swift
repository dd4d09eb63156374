public import PolicyProtocol
public import RobotTypes

/// Replies to observations with a policy's action chunks.
public struct PolicyHandler: MessageHandler {
    /// The policy's contract, in openpi's terms.
    public let metadata: WireValue

    /// Nobody waits for the predictions of a client that is gone.
    public let isCancelledByDisconnection = true

    private let policy: any Policy
    private let decoder: ObservationDecoder

    /// Creates a handler of `policy`.
    ///
    /// - Parameters:
    ///   - policy: The policy to serve.
    ///   - serverName: Name of the program, for the metadata.
    ///   - version: Version of the program, for the metadata.
    public init(policy: any Policy, serverName: String, version: String) {
        self.policy = policy
        decoder = ObservationDecoder(contract: policy.contract)
        metadata = policy.contract.metadata(server: serverName, version: version)
    }

    /// Creates a handler of `policy` for robots with other observation keys.
    ///
    /// The metadata have the policy's keys, and a client that follows them is served, too.
    ///
    /// - Parameters:
    ///   - policy: The policy to serve.
    ///   - remapping: The mapping from the robots' keys.
    ///   - serverName: Name of the program, for the metadata.
    ///   - version: Version of the program, for the metadata.
    /// - Throws: `ObservationRemappingError` for keys that the policy lacks.
    public init(
        policy: any Policy,
        remapping: ObservationRemapping,
        serverName: String,
        version: String
    ) throws(ObservationRemappingError) {
        self.policy = policy
        decoder = try ObservationDecoder(contract: policy.contract, remapping: remapping)
        metadata = policy.contract.metadata(server: serverName, version: version)
    }

    /// Replies with the policy's prediction, and the times of its stages.
    ///
    /// - Throws: `ObservationError` for an observation outside the contract, `PredictionOptionError` for an invalid option,
    ///   ``NonFiniteActionError`` for a chunk that is not finite, and the policy's errors.
    public func reply(to message: WireValue, connection: ConnectionID) async throws -> WireValue {
        var observation = try decoder.observation(from: message)
        observation.options = try PredictionOptions(of: message)
        try check(observation.options.committedActions)
        let start = ContinuousClock.now
        let prediction = try await policy.act(on: observation)
        let duration = ContinuousClock.now - start
        let chunk = prediction.chunk
        if let index = chunk.values.firstIndex(where: { !$0.isFinite }) {
            throw NonFiniteActionError(
                step: index / chunk.dimension,
                column: index % chunk.dimension,
                value: chunk.values[index]
            )
        }
        return prediction.reply(inferenceTime: duration)
    }

    /// Validates a committed prefix for a policy that supports one; another policy ignores it.
    private func check(_ committed: ActionChunk?) throws(PredictionOptionError) {
        let contract = policy.contract
        guard let committed, contract.committedSteps > 0 else { return }
        guard committed.dimension == contract.actionSpace.dimension,
            committed.horizon <= contract.committedSteps
        else {
            throw PredictionOptionError(
                key: WireKey.committedActions,
                expected:
                    "at most \(contract.committedSteps) steps of \(contract.actionSpace.dimension) columns",
                found: "shape \([committed.horizon, committed.dimension])"
            )
        }
    }
}

/// An action chunk with a value that is not finite.
public struct NonFiniteActionError: Error, Equatable, CustomStringConvertible {
    /// Index of the control step.
    public let step: Int

    /// Index of the action's column.
    public let column: Int

    /// NaN or an infinity.
    public let value: Float

    /// The error in a sentence.
    public var description: String {
        "actions: the policy predicted \(value) at step \(step), column \(column); hold the robot still and check "
            + "the checkpoint and its normalization"
    }
}
