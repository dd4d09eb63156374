public import RobotTypes

extension PolicyContract {
    /// The metadata that a server sends when a client connects.
    ///
    /// It lists every key of an observation with its shape and type, and the columns of the actions: enough to write a
    /// client.
    ///
    /// - Parameters:
    ///   - server: Name of the server program.
    ///   - version: Version of the server program.
    /// - Returns: A map with `protocol`, `server`, `observation`, `action`, `state_names`, `action_names`, `fps`,
    ///   `committed_steps` and `options`.
    public func metadata(server: String, version: String) -> WireValue {
        var observation = WireMap()
        for camera in cameras {
            observation[WireKey.feature(camera.name)] = Self.feature(
                [camera.height, camera.width, 3],
                "uint8"
            )
        }
        if stateDimension > 0 { observation[WireKey.state] = Self.feature([stateDimension], "float32") }
        observation[WireKey.instruction] = Self.feature([], "string")
        return [
            "protocol": "openpi",
            "server": ["name": .string(server), "version": .string(version)],
            "observation": .map(observation),
            "action": [
                "horizon": .integer(Int64(horizon)),
                "dimension": .integer(Int64(actionSpace.dimension)),
                "groups": .list(actionSpace.groups.map(\.wireValue)),
            ],
            "state_names": Self.names(stateNames),
            "action_names": Self.names(actionNames),
            "fps": .double(framesPerSecond),
            "committed_steps": .integer(Int64(committedSteps)),
            "options": .list(
                [
                    WireKey.deadline, WireKey.seed, WireKey.requestID, WireKey.observationTime,
                    WireKey.committedActions,
                ].map { .string($0) }
            ),
        ]
    }

    /// The keys of an observation.
    var observationKeys: [String] {
        cameras.map { WireKey.feature($0.name) } + (stateDimension > 0 ? [WireKey.state] : [])
            + [WireKey.instruction]
    }

    private static func names(_ names: [String]?) -> WireValue {
        names.map { .list($0.map { .string($0) }) } ?? .null
    }

    private static func feature(_ shape: [Int], _ type: String) -> WireValue {
        ["shape": .list(shape.map { .integer(Int64($0)) }), "dtype": .string(type)]
    }
}

extension ActionSpace.Group {
    fileprivate var wireValue: WireValue {
        [
            "name": .string(name), "kind": .string(kind.rawValue), "start": .integer(Int64(start)),
            "count": .integer(Int64(count)),
        ]
    }
}

extension PolicyPrediction {
    /// The reply's message: `actions`, float32 `[horizon, dimension]`, the times of the policy and its stages, and the
    /// numbers of decoded codebooks and tokens.
    public func reply(inferenceTime: Duration) -> WireValue {
        var durations: WireMap = ["infer_ms": .double(inferenceTime.milliseconds)]
        if let waitingTime { durations[WireKey.wait] = .double(waitingTime.milliseconds) }
        if let timing {
            durations["prefix_ms"] = .double(timing.prefix.milliseconds)
            durations["blocks_ms"] = .list(timing.blocks.map { .double($0.milliseconds) })
            durations["detokenize_ms"] = .double(timing.detokenization.milliseconds)
        }
        let actions = NDArray(shape: [chunk.horizon, chunk.dimension], values: chunk.values)
        var reply: WireMap = [WireKey.actions: .array(actions), WireKey.policyTiming: .map(durations)]
        if let codebooks {
            reply["codebooks"] = .integer(Int64(codebooks.count))
            reply["codebooks_total"] = .integer(Int64(codebooks.total))
        }
        if let tokens { reply["tokens"] = .integer(Int64(tokens)) }
        return .map(reply)
    }
}

extension WireValue: ExpressibleByDictionaryLiteral, ExpressibleByStringLiteral {
    /// A map of the pairs, in their order.
    public init(dictionaryLiteral elements: (String, WireValue)...) {
        var map = WireMap()
        for (key, value) in elements { map[key] = value }
        self = .map(map)
    }

    /// Text.
    public init(stringLiteral value: String) { self = .string(value) }
}

extension Duration {
    /// The duration in milliseconds.
    public var milliseconds: Double {
        Double(components.seconds) * 1e3 + Double(components.attoseconds) / 1e15
    }
}
