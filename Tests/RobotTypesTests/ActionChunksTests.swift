import RobotTypes
import Testing

@Suite("Action chunks")
struct ActionChunksTests {
    @Test("repeat the last valid step to their end, whatever was there")
    func padding() {
        let chunks = ActionChunks(
            count: 2,
            horizon: 3,
            dimension: 2,
            values: [1, 2, 99, 99, .nan, 0, 3, 4, 5, 6, 99, 99],
            validSteps: [1, 2]
        )
        #expect(chunks.values == [1, 2, 1, 2, 1, 2, 3, 4, 5, 6, 5, 6])
        #expect(chunks[1 ..< 2].values == [3, 4, 5, 6, 5, 6] && chunks[1 ..< 2].validSteps == [2])
    }

    @Test("of changes are zero behind the end, and stay so in a part of the batch")
    func zeros() {
        let chunks = ActionChunks(
            count: 2,
            horizon: 2,
            dimension: 2,
            values: [1, 2, 99, 99, 3, 4, 5, 6],
            validSteps: [1, 2]
        ).padded(by: ActionPadding(isZero: [true, false]))
        #expect(chunks.values == [1, 2, 0, 2, 3, 4, 5, 6])
        #expect(chunks[0 ..< 1].values == [1, 2, 0, 2])
    }

    @Test("names say which columns are changes or velocities")
    func names() {
        for name in [
            "delta_x", "x.vel", "base_velocity", "left_arm_delta_rotation_z", "vx", "wz", "joint_1_delta",
            "DeltaX",
        ] {
            #expect(ActionPadding.isRelative(name: name), "\(name)")
        }
        for name in [
            "x", "gripper", "level", "shoulder_pan.pos", "travel", "wx250s_waist", "vx300s_left/waist",
            "left_waist", "rotation_x",
        ] {
            #expect(!ActionPadding.isRelative(name: name), "\(name)")
        }
    }

    @Test("keep every step where none is said to be invalid")
    func whole() {
        let chunks = ActionChunks(count: 1, horizon: 2, dimension: 1, values: [1, 2])
        #expect(chunks.values == [1, 2] && chunks.validSteps == [2])
    }
}
