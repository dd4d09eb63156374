import RobotTypes
import Testing
import Torch

@testable import FASTerVQ

@Suite("Action patchifier")
struct ActionPatchifierTests {
    /// A chunk that ends within the last patch of both groups, one of which is wider than a patch.
    private func patchifier(_ groups: String = "position=0:3,gripper=3") throws -> ActionPatchifier {
        try ActionPatchifier(
            space: ActionSpace(parsing: groups),
            horizon: 5,
            shapes: [
                "position": PatchShape(steps: 2, columns: 2, maxPatches: 3, maxGroups: 2),
                "gripper": PatchShape(
                    steps: 4,
                    columns: 1,
                    maxPatches: 2,
                    maxGroups: 1,
                    bypassesAutoencoder: true
                ),
            ]
        )
    }

    @Test("cuts a chunk by group and time, repeating its last step and filling columns with zeros")
    func patchify() throws {
        // Value 10 · step + column.
        let values = (0 ..< 20).map { Float($0 / 4 * 10 + $0 % 4) }
        let patches = try patchifier().patchify(Tensor(values, shape: [1, 5, 4]))
        #expect(patches.map(\.shape) == [[1, 3, 4], [1, 3, 4], [1, 2, 4]])
        #expect(patches[0].floats == [0, 1, 10, 11, 20, 21, 30, 31, 40, 41, 40, 41])
        #expect(patches[1].floats == [2, 0, 12, 0, 22, 0, 32, 0, 42, 0, 42, 0])
        #expect(patches[2].floats == [3, 13, 23, 33, 43, 43, 43, 43])
    }

    @Test("puts patches together to the chunk that they came from, whatever the horizon and the groups")
    func roundTrip() throws {
        for (groups, horizon) in [
            ("position=0:3,gripper=3", 16), ("position=0:3,gripper=3", 18), ("joints=0:6,gripper=6", 5),
            ("torso=0:2,joints=2:21,base=21", 20),
        ] {
            let space = try ActionSpace(parsing: groups)
            let patchifier = try ActionPatchifier(
                space: space,
                horizon: horizon,
                shapes: PatchShape.universal()
            )
            let actions = Tensor.randn([3, horizon, space.dimension])
            #expect(patchifier.unpatchify(patchifier.patchify(actions)).floats == actions.floats)
            let autoencoded = patchifier.autoencoded
            let columns = autoencoded.unpatchify(autoencoded.patchify(actions))
            #expect(columns.floats == autoencoded.columns(of: actions).floats)
        }
    }

    @Test("masks steps that do not count, steps beyond the chunk and columns beyond the group")
    func masks() throws {
        let patchifier = try patchifier()
        let mask = Tensor([1, 1, 1, 0, 0] as [Float], shape: [1, 5])
        let masks = patchifier.valueMasks(mask)
        #expect(masks[0].floats == [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0])
        #expect(masks[1].floats == [1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0])
        #expect(masks[2].floats == [1, 1, 1, 0, 0, 0, 0, 0])
        #expect(patchifier.latentPositionMask(mask).floats == [1, 1, 0, 1, 1, 0, 1, 0])
        #expect(patchifier.validLatentPositions([3]) == [true, true, false, true, true, false, true, false])
        #expect(patchifier.autoencoded.latentPositionMask(mask).floats == [1, 1, 0, 1, 1, 0])
    }

    @Test("refuses robots that do not fit, naming the group")
    func refusals() throws {
        for (groups, expected) in [
            (
                "position=0:5,gripper=5",
                "action group 'position': at most 2 groups of the type 'position' fit"
            ),
            ("joints=0:3", "action group 'joints': nothing was trained on the type 'joints'"),
            (
                "left_gripper=0",
                "action group 'left_gripper': this model codes grippers beside other groups only"
            ),
        ] {
            let error = #expect(throws: PatchError.self) { try patchifier(groups) }
            #expect(error?.description.hasPrefix(expected) == true, "\(error?.description ?? "")")
        }
    }
}
