import RobotTypes
import Testing

@Suite("Action spaces")
struct ActionSpaceTests {
    @Test("are read from text and written back")
    func roundTrip() throws {
        let space = try ActionSpace(parsing: "position=0:3,rotation=3:6,gripper=6")
        #expect(space.dimension == 7)
        #expect(space.groups.map(\.kind) == [.position, .rotation, .gripper])
        #expect(space.description == "position=0:3,rotation=3:6,gripper=6")
    }

    @Test("understand a dataset's column names")
    func columnNames() throws {
        let space = try ActionSpace(columnNames: ["delta_x", "delta_y", "delta_z", "gripper_effort"])
        #expect(space.description == "position=0:3,gripper=3")
        let bimanual = try ActionSpace(columnNames: [
            "left_shoulder", "left_elbow", "left_gripper", "right_shoulder", "right_elbow", "right_gripper",
        ])
        #expect(
            bimanual.groups.map(\.name) == [
                "left_joints", "left_gripper", "right_joints", "right_gripper",
            ]
        )
    }

    @Test("name the group that leaves a gap")
    func gap() {
        #expect(throws: ActionSpaceError.notContiguous(group: "gripper", expected: 3, found: 6)) {
            try ActionSpace(parsing: "position=0:3,gripper=6")
        }
        #expect(throws: ActionSpaceError.unreadable("position=3:1")) {
            try ActionSpace(parsing: "position=3:1")
        }
    }
}
