public import RobotTypes

/// A server's reply to an observation, as a client reads it.
public struct PolicyReply: Equatable, Sendable {
    /// The predicted chunk, times of its stages and decoded codebooks.
    public let prediction: PolicyPrediction

    /// Time of the policy; nil where the server does not send it.
    public let policyTime: Duration?

    /// Time of the server, from the received message to the reply; nil where the server does not send it.
    public let serverTime: Duration?

    /// Age of the observation when the reply was sent; nil where the server does not send it.
    public let observationAge: Duration?

    /// The request's `request_id`; nil where it had none.
    public let requestID: WireValue?

    /// Reads the reply of a policy with this contract: the inverse of
    /// `PolicyPrediction.reply(inferenceTime:)`.
    ///
    /// - Throws: ``ServerMessageError`` when the chunk has another shape than the contract's or a value that is not
    ///   finite, or when a time or a number of codebooks or tokens cannot be read.
    public init(_ message: WireValue, contract: PolicyContract) throws(ServerMessageError) {
        let reader = try ServerMessageReader(message, "reply")
        var stages: StageTiming?
        var (policyTime, waitingTime): (Duration?, Duration?) = (nil, nil)
        if reader.map[WireKey.policyTiming] != nil {
            let times = try reader.reader(WireKey.policyTiming)
            policyTime = try times.time("infer_ms")
            waitingTime = try times.time(WireKey.wait)
            if times.map["prefix_ms"] != nil { stages = try times.stages() }
        }
        self.policyTime = policyTime
        let times = reader.map[WireKey.serverTiming] == nil ? nil : try reader.reader(WireKey.serverTiming)
        serverTime = try times?.time("infer_ms")
        observationAge = try times?.time(WireKey.observationAge)
        requestID = reader.map[WireKey.requestID]
        prediction = PolicyPrediction(
            try reader.chunk(contract),
            timing: stages,
            codebooks: reader.map["codebooks"] == nil
                ? nil
                : DecodedCodebooks(try reader.count("codebooks"), of: try reader.count("codebooks_total")),
            tokens: reader.map["tokens"] == nil ? nil : try reader.count("tokens"),
            waitingTime: waitingTime
        )
    }
}

extension ServerMessageReader {
    /// The duration under `key`; nil where there is none.
    fileprivate func time(_ key: String) throws(ServerMessageError) -> Duration? {
        map[key] == nil ? nil : try duration(key)
    }

    fileprivate func stages() throws(ServerMessageError) -> StageTiming {
        let blocks = try value("blocks_ms", "a list of milliseconds") { value -> [Duration]? in
            guard case .list(let values) = value else { return nil }
            let times = values.compactMap(\.duration)
            return times.count == values.count ? times : nil
        }
        return StageTiming(
            prefix: try duration("prefix_ms"),
            blocks: blocks,
            detokenization: try duration("detokenize_ms")
        )
    }

    fileprivate func chunk(_ contract: PolicyContract) throws(ServerMessageError) -> ActionChunk {
        let shape = [contract.horizon, contract.actionSpace.dimension]
        let expected = "float32 \(shape)"
        let array = try value(WireKey.actions, expected, \.array)
        guard array.shape == shape else {
            throw error(WireKey.actions, expected, found: WireValue.array(array).kind)
        }
        let values = array.floats()
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            let position = "step \(index / shape[1]), column \(index % shape[1])"
            throw error(WireKey.actions, "finite numbers", found: "\(values[index]) at \(position)")
        }
        return ActionChunk(horizon: shape[0], dimension: shape[1], values: values)
    }
}
