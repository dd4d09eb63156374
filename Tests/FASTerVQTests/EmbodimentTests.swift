import Quantizers
import RobotTypes
import Testing
import Torch

@testable import FASTerVQ

@Suite("Robots of many kinds")
struct EmbodimentTests {
    @Test("serves robots of other groups, columns and horizons with one set of weights")
    func universal() throws {
        let arm = try ActionSpace(parsing: "position=0:3,rotation=3:6,gripper=6")
        let model = try model(PatchShape.universal(), arm, horizon: 16)
        for (groups, horizon, places) in [
            ("position=0:3,gripper=3", 16, 5), ("position=0:3,gripper=3", 18, 7),
            ("left_joints=0:7,left_gripper=7,right_joints=8:15,right_gripper=15", 16, 10),
            ("torso=0:2,joints=2:21,base=21", 20, 3 + 3 * 5 + 3),
            ("right_position=0:3,left_position=3:6,right_gripper=6:12,left_gripper=12:18", 16, 8 + 12),
        ] {
            let space = try ActionSpace(parsing: groups)
            let tokenizer = try model.tokenizer(
                for: space,
                horizon: horizon,
                normalization: normalization(space.dimension)
            )
            #expect(tokenizer.placeCount == places)
            let values = Tensor.randn([3, horizon, space.dimension]).floats
            let chunks = ActionChunks(count: 3, horizon: horizon, dimension: space.dimension, values: values)
            let back = try tokenizer.chunks(for: tokenizer.tokens(for: chunks))
            #expect(back.values.count == values.count)
            #expect(!back.values.contains { !$0.isFinite })
        }
        let tall = try ActionSpace(parsing: "position=0:3,gripper=3:40")
        let error = #expect(throws: PatchError.self) {
            try model.tokenizer(for: tall, horizon: 16, normalization: normalization(40))
        }
        #expect(error?.description == "action group 'gripper': at most 32 groups of the kind 'gripper' fit")
    }

    @Test("cuts patches for robots of every kind as long as is wished, or nearly so")
    func universalPlaces() {
        let (usual, wished) = (
            PatchShape.universal(), PatchShape.universal(places: ["position": 3, "torso": 1])
        )
        #expect(usual["position"]?.steps == 4 && usual["position"]?.pieces == 16)
        #expect(wished["position"]?.steps == 4)
        #expect(wished["torso"] == PatchShape(steps: 16, columns: 4, pieces: 4, members: 2))
        #expect(usual.keys == wished.keys && usual["joints"] == wished["joints"])
    }

    @Test("the paper's layouts: 84 codes for two arms, 126 for a mobile body with two")
    func layouts() throws {
        let places = ["position": 8, "rotation": 4, "gripper": 2, "base": 8, "torso": 6]
        let arms =
            "left_position=0:3,left_rotation=3:6,left_gripper=6,right_position=7:10,right_rotation=10:13,right_gripper=13"
        for (groups, codes) in [(arms, 84), (arms + ",torso=14:18,base=18:21", 126)] {
            let space = try ActionSpace(parsing: groups)
            let shapes = PatchShape.fitting(space, horizon: 24, places: places)
            let tokenizer = try model(shapes, space, horizon: 24).tokenizer(
                for: space,
                horizon: 24,
                normalization: normalization(space.dimension)
            )
            #expect(tokenizer.tokenCount == codes)
        }
    }

    @Test("a robot of nothing but grippers is refused, naming one")
    func onlyGrippers() throws {
        let model = try model(
            PatchShape.universal(),
            ActionSpace(parsing: "position=0:3,gripper=3"),
            horizon: 16
        )
        let error = #expect(throws: PatchError.self) {
            try model.makePatchifier(ActionSpace(parsing: "left_gripper=0,right_gripper=1"), horizon: 16)
        }
        #expect(error?.description.hasPrefix("action group 'left_gripper': ") == true)
    }

    @Test("a robot's codes and loss do not depend on who else is in the batch")
    func sharedBatch() throws {
        let arm = try ActionSpace(parsing: "position=0:3,rotation=3:6,gripper=6")
        let arms = "left_position=0:3,left_rotation=3:6,right_position=6:9,right_rotation=9:12"
        let model = try model(PatchShape.universal(), arm, horizon: 16)
        let batch = try [arm, ActionSpace(parsing: arms)].map { space in
            let patchifier = try model.makePatchifier(space, horizon: 16)
            return TrainingChunks(
                embodiment: Embodiment(
                    patchifier: patchifier,
                    normalization: normalization(space.dimension),
                    device: .cpu
                ),
                actions: .randn([5, 16, space.dimension]),
                stepMask: .ones([5, 16]),
                placeMask: .ones([5, patchifier.learnedPlaceCount])
            )
        }
        func codes(_ batch: [TrainingChunks]) -> [[Int]] {
            withoutGradients {
                let grid = PlaceGrid(
                    batch.map(\.embodiment.patchifier),
                    rows: batch.map { _ in 5 },
                    device: .cpu
                )
                let latents = model.network.autoencoder.latents(batch.map(\.actions), grid: grid)
                return zip(batch, grid.split(latents)).map { chunks, latents -> [Int] in
                    let parts = chunks.embodiment.patchifier.learned
                    let vectors = latents.split(sizes: parts.map(\.places), axis: 1)
                    return zip(parts, vectors).flatMap { part, vectors -> [Int] in
                        let quantizer = model.network.codebooks.quantizer(for: part)
                        return quantizer.codes(for: vectors.reshaped(-1, vectors.size(2))).integers
                    }
                }
            }
        }
        let together = codes(batch)
        #expect(together.map(\.count) == [5 * 6 * 2, 5 * 12 * 2])
        #expect(together.allSatisfy { Set($0).count > 1 })
        #expect(together == batch.flatMap { codes([$0]) })

        func loss(_ batch: [TrainingChunks]) -> Double {
            withoutGradients { model.network.loss(batch, quantizing: false, weights: .init()).l1.item }
        }
        #expect(abs(loss(batch) - (loss([batch[0]]) + loss([batch[1]])) / 2) < 1e-6)
    }
}
