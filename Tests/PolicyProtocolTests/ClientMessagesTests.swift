import PolicyProtocol
import RobotTypes
import Testing

@Suite("A client's messages")
struct ClientMessagesTests {
    private let contract = PolicyContract.small
    private let chunk = ActionChunk(horizon: 2, dimension: 4, values: (0 ..< 8).map { Float($0) / 3 })

    private func received(_ value: WireValue) throws -> WireValue { try WireValue(decoding: value.encoded()) }

    @Test("an observation and its options arrive at the server as they were sent")
    func observation() throws {
        let sent = Observation(
            images: [
                "observation.images.corner": Image(width: 4, height: 4, pixels: (0 ..< 48).map { $0 * 5 })
            ],
            state: [1, -2.5, 3e-7],
            instruction: "lift",
            options: PredictionOptions(deadline: .microseconds(1500), seed: .max, committedActions: chunk)
        )
        let message = try received(sent.message)
        var read = try ObservationDecoder(contract: contract).observation(from: message)
        read.options = try PredictionOptions(of: message)
        #expect(read == sent)
    }

    @Test("a policy without a state is sent none")
    func noState() {
        let observation = Observation(images: [:], state: [], instruction: "lift")
        #expect(observation.message == ["prompt": "lift"])
    }

    @Test("a contract arrives at the client as the server sent it")
    func metadata() throws {
        var sent = contract
        sent.committedSteps = 7
        #expect(try PolicyContract(metadata: received(sent.metadata(server: "faster", version: "1"))) == sent)
        (sent.stateNames, sent.actionNames) = (["x", "y", "z"], ["x", "y", "z", "grip"])
        #expect(try PolicyContract(metadata: received(sent.metadata(server: "faster", version: "1"))) == sent)
        (sent.stateDimension, sent.stateNames) = (0, nil)
        #expect(try PolicyContract(metadata: received(sent.metadata(server: "faster", version: "1"))) == sent)
    }

    @Test("a prediction arrives at the client as the server sent it, with or without times and codebooks")
    func reply() throws {
        let timing = StageTiming(
            prefix: .microseconds(500),
            blocks: [.microseconds(250), .microseconds(125)],
            detokenization: .milliseconds(2)
        )
        for prediction in [
            PolicyPrediction(chunk),
            PolicyPrediction(
                chunk,
                timing: timing,
                codebooks: DecodedCodebooks(2, of: 3),
                tokens: 10,
                waitingTime: .milliseconds(1)
            ),
        ] {
            var message = try #require(received(prediction.reply(inferenceTime: .milliseconds(3))).map)
            message["server_timing"] = ["infer_ms": .double(4), "observation_age_ms": .double(5)]
            message["request_id"] = .integer(7)
            let reply = try PolicyReply(.map(message), contract: contract)
            #expect(reply.prediction == prediction)
            #expect(reply.policyTime == .milliseconds(3) && reply.serverTime == .milliseconds(4))
            #expect(reply.observationAge == .milliseconds(5) && reply.requestID == .integer(7))
        }
    }

    @Test("metadata of another kind of server names the key at fault")
    func foreignMetadata() {
        func error(_ change: (inout WireMap) -> Void) -> String? {
            var map = contract.metadata(server: "faster", version: "1").map ?? WireMap()
            change(&map)
            return #expect(throws: ServerMessageError.self) { try PolicyContract(metadata: .map(map)) }?
                .description
        }
        #expect(
            error { $0["observation"] = nil }
                == "metadata: observation: expected a map of named values, found nothing under this key"
        )
        #expect(
            error { $0["observation"] = ["observation/state": ["shape": .list([.integer(-1)])]] }
                == "metadata: observation.observation/state.shape: expected a list of whole numbers, at most 16384, "
                + "found a list of 1"
        )
        for rate in [0, -20, .nan, .infinity] as [Double] {
            #expect(
                error { $0["fps"] = .double(rate) }
                    == "metadata: fps: expected a positive number, found a number"
            )
        }
        let kind: WireValue = [
            "name": "a", "kind": "tail", "start": .integer(0), "count": .integer(1),
        ]
        #expect(
            error { $0["action"] = ["horizon": .integer(2), "groups": .list([kind])] }?
                .hasPrefix("metadata: action.groups.kind: expected one of position, ") == true
        )
        let gap: WireValue = [
            "name": "a", "kind": "other", "start": .integer(1), "count": .integer(1),
        ]
        #expect(
            error { $0["action"] = ["horizon": .integer(2), "groups": .list([gap])] }?
                .hasPrefix("metadata: action.groups: expected groups that cover the columns, found ") == true
        )
        #expect(
            #expect(throws: ServerMessageError.self) { try PolicyContract(metadata: "hello") }?.description
                == "metadata: expected a map of named values, found text"
        )
    }

    @Test("a reply that a robot must not execute names the key at fault")
    func foreignReply() {
        func error(_ actions: NDArray, _ timing: WireValue = [:]) -> String? {
            #expect(throws: ServerMessageError.self) {
                try PolicyReply(["actions": .array(actions), "policy_timing": timing], contract: contract)
            }?
            .description
        }
        #expect(
            error(NDArray(shape: [2, 3], values: Array(repeating: 0, count: 6)))
                == "reply: actions: expected float32 [2, 4], found an array of float32 [2, 3]"
        )
        var values = chunk.values
        values[5] = .nan
        #expect(
            error(NDArray(shape: [2, 4], values: values))
                == "reply: actions: expected finite numbers, found nan at step 1, column 1"
        )
        #expect(
            error(NDArray(shape: [2, 4], values: chunk.values), ["infer_ms": .double(.nan)])
                == "reply: policy_timing.infer_ms: expected a number of milliseconds, not negative, found a number"
        )
    }
}
