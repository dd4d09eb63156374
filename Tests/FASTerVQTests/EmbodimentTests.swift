import ActionTokenizers
import RobotTypes
import Testing
import Torch

@testable import FASTerVQ

@Suite("Robots of many kinds")
struct EmbodimentTests {
    @Test("serves robots of other groups, columns and horizons with one set of weights")
    func universal() throws {
        let arm = try ActionSpace(parsing: "position=0:3,rotation=3:6,gripper=6")
        let model = try Samples.model(PatchShape.universal(), arm, horizon: 16)
        for (groups, horizon, positions) in [
            ("position=0:3,gripper=3", 16, 5), ("position=0:3,gripper=3", 18, 7),
            ("left_joints=0:7,left_gripper=7,right_joints=8:15,right_gripper=15", 16, 10),
            ("torso=0:2,joints=2:21,base=21", 20, 3 + 3 * 5 + 3),
            ("right_position=0:3,left_position=3:6,right_gripper=6:12,left_gripper=12:18", 16, 8 + 12),
        ] {
            let space = try ActionSpace(parsing: groups)
            let tokenizer = try FASTerVQTokenizer(
                model,
                actionSpace: space,
                horizon: horizon,
                normalization: Samples.normalization(space.dimension)
            )
            #expect(tokenizer.latentPositionCount == positions)
            let values = Tensor.randn([3, horizon, space.dimension]).floats
            let chunks = ActionChunks(count: 3, horizon: horizon, dimension: space.dimension, values: values)
            let back = try tokenizer.chunks(for: tokenizer.tokens(for: chunks))
            #expect(back.values.count == values.count)
            #expect(!back.values.contains { !$0.isFinite })
        }
        let tall = try ActionSpace(parsing: "position=0:3,gripper=3:40")
        let error = #expect(throws: PatchError.self) {
            try model.makePatchifier(tall, horizon: 16)
        }
        #expect(error?.description == "action group 'gripper': at most 32 groups of the type 'gripper' fit")
    }

    @Test("a robot of nothing but grippers is refused, naming one")
    func onlyGrippers() throws {
        let model = try Samples.model(
            PatchShape.universal(),
            ActionSpace(parsing: "position=0:3,gripper=3"),
            horizon: 16
        )
        let error = #expect(throws: PatchError.self) {
            try model.makePatchifier(ActionSpace(parsing: "left_gripper=0,right_gripper=1"), horizon: 16)
        }
        #expect(error?.description.hasPrefix("action group 'left_gripper': ") == true)
    }

    @Test("a robot's latents and loss do not depend on who else is in the batch")
    func sharedBatch() throws {
        let arm = try ActionSpace(parsing: "position=0:3,rotation=3:6,gripper=6")
        let arms = "left_position=0:3,left_rotation=3:6,right_position=6:9,right_rotation=9:12"
        let model = try Samples.model(PatchShape.universal(), arm, horizon: 16)
        let batch = try [arm, ActionSpace(parsing: arms)].map { space in
            ActionBatch(
                embodiment: try Samples.embodiment(space, model, horizon: 16),
                actions: .randn([5, 16, space.dimension]),
                stepMask: .ones([5, 16])
            )
        }
        func codes(_ batch: [ActionBatch]) -> [[Int]] {
            withoutGradients {
                let layout = model.latentBatch(batch.map { ($0.embodiment, $0.count) })
                let patches = batch.map { $0.embodiment.patchifier.autoencoded.patchify($0.actions) }
                let latents = model.autoencoder.encode(patches, in: layout)
                return layout.split(model.quantizer.codes(for: latents, in: layout)).map(\.integers)
            }
        }
        let together = codes(batch)
        #expect(together.map(\.count) == [5 * 6 * 2, 5 * 12 * 2])
        #expect(together.allSatisfy { Set($0).count > 1 })
        #expect(together == batch.flatMap { codes([$0]) })

        func loss(_ batch: [ActionBatch]) -> Double {
            withoutGradients { model.loss(batch, quantizing: false, weights: .init()).l1.item }
        }
        #expect(abs(loss(batch) - (loss([batch[0]]) + loss([batch[1]])) / 2) < 1e-6)
    }
}
