import Foundation
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

    @Test(
        "take the joints of LeRobot's arms for joints, whatever they do",
        arguments: [
            (
                "shoulder_pan.pos shoulder_lift.pos elbow_flex.pos wrist_flex.pos wrist_roll.pos gripper.pos",
                "joints=0:5,gripper=5"
            ),
            (
                """
                left_waist left_shoulder left_elbow left_forearm_roll left_wrist_angle left_wrist_rotate \
                left_gripper right_waist right_shoulder right_elbow right_forearm_roll right_wrist_angle \
                right_wrist_rotate right_gripper
                """,
                "left_joints=0:6,left_gripper=6,right_joints=7:13,right_gripper=13"
            ),
        ]
    )
    func arms(names: String, expected: String) throws {
        let space = try ActionSpace(columnNames: names.split(separator: " ").map(String.init))
        #expect(space.description == expected)
    }

    @Test(
        "tell a torso's posture and a hand's rotation from joints",
        arguments: [
            ("x y z roll pitch yaw gripper", "position=0:3,rotation=3:6,gripper=6"),
            ("delta_x delta_y delta_z rx ry rz", "position=0:3,rotation=3:6"),
            (
                "right_arm_delta_x right_arm_rotation_x right_arm_gripper",
                "right_arm_position=0,right_arm_rotation=1,right_arm_gripper=2"
            ),
            (
                "torso_lift_joint head_pan_joint waist lift shoulder_lift_joint arm_lift_joint",
                "torso=0:4,joints=4:6"
            ),
            ("joint_1_velocity joint_2_velocity gripper", "joints=0:2,gripper=2"),
            ("right_hand_finger_1 left_hand_finger_1", "right_gripper=0,left_gripper=1"),
            (
                "finger_1 finger_2 left_finger_1 left_finger_2 left_thumb_finger",
                "gripper=0:2,left_hand_joints=2:5"
            ),
            (
                "abdomen_y right_leg_hip_x right_arm_shoulder_1",
                "torso=0,right_leg_joints=1,right_arm_joints=2"
            ),
        ]
    )
    func otherMotion(names: String, expected: String) throws {
        let space = try ActionSpace(columnNames: names.split(separator: " ").map(String.init))
        #expect(space.description == expected)
    }

    @Test("come back from a file, where groups make a space")
    func stored() throws {
        let space = try ActionSpace(parsing: "position=0:3,gripper=3")
        let whole = String(decoding: try JSONEncoder().encode(space), as: UTF8.self)
        #expect(try JSONDecoder().decode(ActionSpace.self, from: Data(whole.utf8)) == space)
        for (from, to, expected) in [
            ("\"count\":3", "\"count\":2", "should start at column 2 but starts at 3"),
            ("\"count\":3", "\"count\":4", "should start at column 4 but starts at 3"),
            ("\"count\":1", "\"count\":0", "has no columns"),
            ("\"count\":1", "\"count\":-1", "has no columns"),
            ("\"count\":1", "\"count\":9223372036854775807", "expected at most 65533"),
            ("\"name\":\"gripper\"", "\"name\":\"position\"", "is named twice"),
        ] {
            try #require(whole.contains(from))
            let damaged = Data(whole.replacing(from, with: to).utf8)
            let error = #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(ActionSpace.self, from: damaged)
            }
            #expect(error.map { "\($0)" }?.contains(expected) == true, "\(to)")
        }
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(ActionSpace.self, from: Data("{\"groups\":[]}".utf8))
        }
    }

    @Test("name the group that leaves a gap")
    func gap() {
        #expect(throws: ActionSpaceError.notContiguous(group: "gripper", expected: 3, found: 6)) {
            try ActionSpace(parsing: "position=0:3,gripper=6")
        }
        #expect(throws: ActionSpaceError.unreadable("position=3:1")) {
            try ActionSpace(parsing: "position=3:1")
        }
        #expect(throws: ActionSpaceError.unreadable("gripper=9223372036854775807")) {
            try ActionSpace(parsing: "gripper=9223372036854775807")
        }
    }
}
