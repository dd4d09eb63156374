import PolicyProtocol
import RobotTypes
import Testing

@Suite("A robot's observation keys")
struct ObservationRemappingTests {
    private let image = WireValue.array(NDArray(shape: [4, 4, 3], bytes: [UInt8](repeating: 9, count: 48)))

    private var remapping: ObservationRemapping {
        ObservationRemapping(
            keys: [.init(robot: "observation/image", policy: "observation/images/corner")],
            stateKeys: ["joints", "grip"],
            instruction: "lift"
        )
    }

    private func message(_ state: WireMap, key: String = "observation/image") -> WireValue {
        var map: WireMap = [key: image]
        for (name, value) in state.entries { map[name] = value }
        return .map(map)
    }

    private func decode(_ message: WireValue) throws -> Observation {
        try ObservationDecoder(contract: .small, remapping: remapping).observation(from: message)
    }

    private func error(_ remapping: ObservationRemapping, _ contract: PolicyContract = .small) -> String? {
        #expect(throws: ObservationRemappingError.self) {
            try ObservationDecoder(contract: contract, remapping: remapping)
        }?.description
    }

    @Test("are mapped to the policy's")
    func robotKeys() throws {
        let joints = NDArray(shape: [2], values: [1, 2])
        let whole = NDArray(shape: [3], values: [1, 2, 3])
        let expected = try decode(
            message(["observation/state": .array(whole)], key: "observation/images/corner")
        )
        #expect(expected.state == [1, 2, 3] && expected.instruction == "lift")
        for grip: WireValue in [
            .integer(3), .list([.double(3)]), .array(NDArray(shape: [1], values: [3])),
            .array(NDArray(shape: [], values: [3])),
        ] {
            #expect(try decode(message(["joints": .array(joints), "grip": grip])) == expected)
        }
        let asked = message(["joints": .array(joints), "grip": .integer(3), "prompt": "push"])
        #expect(try decode(asked).instruction == "push")
    }

    @Test("are named in errors")
    func errors() {
        let joints = WireValue.array(NDArray(shape: [2], values: [1, 2]))
        for (sent, expected) in [
            (
                message(["joints": joints]),
                "observation: key 'grip' is missing; expected a part of the state, a number or at most 3; keys present: "
                    + "observation/image, joints"
            ),
            (
                message(["joints": joints, "grip": joints]),
                "joints, grip: expected a state of 3 numbers in all, found 2 + 2"
            ),
            (
                message(["joints": "bent", "grip": .integer(1)]),
                "joints: expected a part of the state, a number or at most 3, found text"
            ),
            (
                message(["joints": .list([.double(1), .double(.nan)]), "grip": .integer(1)]),
                "joints: element [1] is nan; the policy was not run"
            ),
            (
                message(["joints": joints, "grip": .integer(3)], key: "image"),
                "observation: key 'observation/image' is missing; expected an image, uint8 [4, 4, 3]; keys present: "
                    + "image, joints, grip"
            ),
        ] as [(WireValue, String)] {
            let error = #expect(throws: ObservationError.self) { try decode(sent) }
            #expect(error?.description == expected)
        }
    }

    @Test("are refused where the policy lacks the key, or it is mapped twice")
    func refusals() {
        #expect(
            error(ObservationRemapping(keys: [.init(robot: "left", policy: "observation/images/left")]))
                == "cannot rename 'left': the policy has no 'observation/images/left', only "
                + "observation/images/corner, observation/state, prompt"
        )
        let twice = ["a", "b"].map { ObservationRemapping.Key(robot: $0, policy: "prompt") }
        #expect(error(ObservationRemapping(keys: twice)) == "'prompt' cannot be both 'a' and 'b'")
        let whole = ObservationRemapping.Key(robot: "a", policy: "observation/state")
        #expect(
            error(ObservationRemapping(keys: [whole], stateKeys: ["b", "c"]))
                == "the state cannot be both 'a' and b, c"
        )
        var blind = PolicyContract.small
        blind.stateDimension = 0
        #expect(
            error(ObservationRemapping(stateKeys: ["b"]), blind)
                == "'b' cannot be a part of the state: the policy has none"
        )
    }
}
