import PolicyProtocol
import RobotTypes
import Testing

@Suite("Names that a client has for what a policy sees")
struct ObservationNamesTests {
    private let picture = WireValue.array(NDArray(shape: [4, 4, 3], bytes: [UInt8](repeating: 9, count: 48)))

    private var names: ObservationNames {
        ObservationNames(
            renamings: [.init(theirs: "observation/image", ours: "observation/images/corner")],
            stateParts: ["joints", "grip"],
            instruction: "lift"
        )
    }

    private func message(_ state: WireMap, image: String = "observation/image") -> WireValue {
        var map: WireMap = [image: picture]
        for (key, value) in state.entries { map[key] = value }
        return .map(map)
    }

    private func decode(_ message: WireValue) throws -> Observation {
        try ObservationDecoder(contract: .small, names: names).observation(from: message)
    }

    private func error(_ names: ObservationNames, _ contract: PolicyContract = .small) -> String? {
        #expect(throws: ObservationNamesError.self) {
            try ObservationDecoder(contract: contract, names: names)
        }?.description
    }

    @Test("stand for the policy's")
    func theirs() throws {
        let joints = NDArray(shape: [2], values: [1, 2])
        let whole = NDArray(shape: [3], values: [1, 2, 3])
        let expected = try decode(
            message(["observation/state": .array(whole)], image: "observation/images/corner")
        )
        #expect(expected.state == [1, 2, 3] && expected.instruction == "lift")
        for grip: WireValue in [
            .integer(3), .list([.double(3)]), .array(NDArray(shape: [1], values: [3])),
            .array(NDArray(shape: [], values: [3])),
        ] {
            #expect(try decode(message(["joints": .array(joints), "grip": grip])) == expected)
        }
        let told = message(["joints": .array(joints), "grip": .integer(3), "prompt": "push"])
        #expect(try decode(told).instruction == "push")
    }

    @Test("are those of errors")
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
                "joints: element [1] is nan; the policy was not asked, as it would answer with nonsense"
            ),
            (
                message(["joints": joints, "grip": .integer(3)], image: "image"),
                "observation: key 'observation/image' is missing; expected an image, uint8 [4, 4, 3]; keys present: "
                    + "image, joints, grip"
            ),
        ] as [(WireValue, String)] {
            let error = #expect(throws: ObservationError.self) { try decode(sent) }
            #expect(error?.description == expected)
        }
    }

    @Test("are refused for what the policy does not see, or has twice")
    func refusals() {
        #expect(
            error(ObservationNames(renamings: [.init(theirs: "left", ours: "observation/images/left")]))
                == "cannot rename 'left': the policy knows no 'observation/images/left', only "
                + "observation/images/corner, observation/state, prompt"
        )
        let twice = ["a", "b"].map { ObservationNames.Renaming(theirs: $0, ours: "prompt") }
        #expect(error(ObservationNames(renamings: twice)) == "'prompt' cannot be both 'a' and 'b'")
        let whole = ObservationNames.Renaming(theirs: "a", ours: "observation/state")
        #expect(
            error(ObservationNames(renamings: [whole], stateParts: ["b", "c"]))
                == "the state cannot be both 'a' and b, c"
        )
        var blind = PolicyContract.small
        blind.stateDimension = 0
        #expect(
            error(ObservationNames(stateParts: ["b"]), blind)
                == "'b' cannot be a part of the state: the policy sees none"
        )
    }
}
