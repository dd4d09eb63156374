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

    @Test("tell the limbs of a body apart")
    func limbs() throws {
        let humanoid = try ActionSpace(columnNames: [
            "left_arm_delta_x", "left_arm_rotation_x", "left_hand_thumb", "right_arm_delta_x",
            "right_arm_joint_1", "right_arm_joint_2", "torso_height", "base_x", "base_yaw",
        ])
        #expect(
            humanoid.groups.map(\.name) == [
                "left_arm_position", "left_arm_rotation", "left_gripper", "right_arm_position",
                "right_arm_joints", "torso", "base",
            ]
        )
        #expect(
            humanoid.groups.map(\.kind) == [
                .position, .rotation, .gripper, .position, .joints, .torso, .base,
            ]
        )
    }

    @Test("take all columns of a leg for joints")
    func legs() throws {
        let walker = try ActionSpace(columnNames: [
            "front_left_leg_yaw", "front_left_leg_lift", "front_right_leg_yaw", "hind_left_leg_hip_x",
            "abdomen_z", "abdomen_y",
        ])
        #expect(
            walker.description
                == "front_left_leg_joints=0:2,front_right_leg_joints=2,hind_left_leg_joints=3,torso=4:6"
        )
        #expect(walker.groups.map(\.kind) == [.joints, .joints, .joints, .torso])
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
