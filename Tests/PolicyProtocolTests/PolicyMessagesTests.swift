import PolicyProtocol
import RobotTypes
import Testing

@Suite("Metadata and replies")
struct PolicyMessagesTests {
    private let chunk = ActionChunk(horizon: 2, dimension: 2, values: [1, 2, 3, 4])

    @Test("the metadata tells a stranger what to send and what comes back")
    func metadata() {
        let metadata = PolicyContract.small.metadata(server: "faster", version: "0.1.0")
        #expect(
            metadata == [
                "protocol": "openpi",
                "server": ["name": "faster", "version": "0.1.0"],
                "observation": [
                    "observation/images/corner": [
                        "shape": .list([.integer(4), .integer(4), .integer(3)]), "dtype": "uint8",
                    ],
                    "observation/state": ["shape": .list([.integer(3)]), "dtype": "float32"],
                    "prompt": ["shape": .list([]), "dtype": "string"],
                ],
                "action": [
                    "horizon": .integer(2), "dimension": .integer(4),
                    "groups": .list([
                        ["name": "position", "kind": "position", "start": .integer(0), "count": .integer(3)],
                        ["name": "gripper", "kind": "gripper", "start": .integer(3), "count": .integer(1)],
                    ]),
                ],
                "state_names": .null, "action_names": .null,
                "fps": .double(20), "committed_steps": .integer(0),
                "options": .list(
                    ["deadline_ms", "seed", "request_id", "observation_time", "committed_actions"]
                ),
            ]
        )
    }

    @Test("a reply carries the chunk as float32 and the policy's time")
    func reply() {
        #expect(
            PolicyPrediction(chunk).reply(inferenceTime: .microseconds(1500)) == [
                "actions": .array(NDArray(shape: [2, 2], values: [1, 2, 3, 4])),
                "policy_timing": ["infer_ms": .double(1.5)],
            ]
        )
    }

    @Test("a reply says what the stages took, where the policy measures them")
    func stages() {
        let prediction = PolicyPrediction(
            chunk,
            timing: StageTiming(
                prefix: .microseconds(500),
                blocks: [.microseconds(250), .microseconds(125)],
                detokenization: .microseconds(2000)
            )
        )
        let timing = prediction.reply(inferenceTime: .milliseconds(3)).map?["policy_timing"]
        #expect(
            timing == [
                "infer_ms": .double(3),
                "prefix_ms": .double(0.5),
                "blocks_ms": .list([.double(0.25), .double(0.125)]),
                "detokenize_ms": .double(2),
            ]
        )
    }
}
