import PolicyProtocol
import RobotTypes
import Testing

@Suite("Metadata and replies")
struct PolicyMessagesTests {
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
                "fps": .double(20),
            ]
        )
    }

    @Test("a reply carries the chunk as float32 and the policy's time")
    func reply() {
        let chunk = ActionChunk(horizon: 2, dimension: 2, values: [1, 2, 3, 4])
        #expect(
            chunk.reply(inferenceTime: .microseconds(1500)) == [
                "actions": .array(NDArray(shape: [2, 2], values: [1, 2, 3, 4])),
                "policy_timing": ["infer_ms": .double(1.5)],
            ]
        )
    }
}
