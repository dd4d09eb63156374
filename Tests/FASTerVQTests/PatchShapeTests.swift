import RobotTypes
import Testing

@testable import FASTerVQ

@Suite("Patch shapes")
struct PatchShapeTests {
    @Test("of robots of every kind have as many latent positions as is desired, or nearly so")
    func universal() {
        let (usual, desired) = (
            PatchShape.universal(), PatchShape.universal(latentPositions: ["position": 3, "torso": 1])
        )
        #expect(usual["position"]?.steps == 4 && usual["position"]?.maxPatches == 16)
        #expect(desired["position"]?.steps == 4)
        #expect(desired["torso"] == PatchShape(steps: 16, columns: 4, maxPatches: 4, maxGroups: 2))
        #expect(usual.keys == desired.keys && usual["joints"] == desired["joints"])
    }

    @Test("let grippers bypass the autoencoder only beside other groups, and only where they should")
    func bypass() throws {
        let arm = try ActionSpace(parsing: "position=0:3,gripper=3")
        #expect(PatchShape.fitting(arm, horizon: 16)["gripper"]?.bypassesAutoencoder == true)
        let none = PatchShape.fitting(arm, horizon: 16, bypassingGrippers: false)
        #expect(none.values.allSatisfy { !$0.bypassesAutoencoder })
        let grippers = try ActionSpace(parsing: "left_gripper=0,right_gripper=1")
        #expect(PatchShape.fitting(grippers, horizon: 16)["gripper"]?.bypassesAutoencoder == false)
        #expect(PatchShape.universal(bypassingGrippers: false)["gripper"]?.bypassesAutoencoder == false)
    }

    @Test("the paper's layouts: 21 codes for one arm, 84 for two, 126 for a mobile body with two")
    func layouts() throws {
        let positions = ["position": 8, "rotation": 4, "gripper": 2, "base": 8, "torso": 6]
        let arms =
            "left_position=0:3,left_rotation=3:6,left_gripper=6,right_position=7:10,right_rotation=10:13,right_gripper=13"
        for (groups, desired, codes) in [
            ("position=0:3,rotation=3:6,gripper=6", [:], 21), (arms, positions, 84),
            (arms + ",torso=14:18,base=18:21", positions, 126),
        ] {
            let space = try ActionSpace(parsing: groups)
            let shapes = PatchShape.fitting(space, horizon: 24, latentPositions: desired)
            let patchifier = try ActionPatchifier(space: space, horizon: 24, shapes: shapes)
            #expect(3 * patchifier.latentPositionCount == codes)
        }
    }
}
