import RobotTypes
import Testing
import Torch

@testable import FASTerVQ

@Suite("Latent batch")
struct LatentBatchTests {
    /// Two chunks of a robot with 3 + 2 latent positions, and three of one with 3.
    private func batch() throws -> LatentBatch {
        let shapes = [
            "position": PatchShape(steps: 2, columns: 3, maxPatches: 4, maxGroups: 1),
            "joints": PatchShape(steps: 3, columns: 4, maxPatches: 4, maxGroups: 1),
        ]
        func patchifier(_ groups: String) throws -> ActionPatchifier {
            try ActionPatchifier(space: ActionSpace(parsing: groups), horizon: 6, shapes: shapes)
        }
        return LatentBatch(
            [(try patchifier("joints=0:2,position=2:4"), 2), (try patchifier("position=0:3"), 3)],
            types: ActionGroupTypes(shapes),
            device: .cpu
        )
    }

    @Test("pads robots with fewer latent positions, and masks the padding")
    func padding() throws {
        let batch = try batch()
        #expect(batch.latentPositionCount == 5)
        let mask = try #require(batch.mask)
        #expect(mask.shape == [5, 1, 1, 5])
        #expect(
            mask.to(.float32).floats == [Float](repeating: 1, count: 10) + [
                1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0,
            ]
        )
        let parts = [Tensor.randn([2, 5, 4]), Tensor.randn([3, 3, 4])]
        let padded = batch.padded(parts)
        #expect(padded.shape == [5, 5, 4])
        #expect(padded.narrowed(0, from: 2, count: 3).narrowed(1, from: 3, count: 2).abs().max().item == 0)
        #expect(zip(batch.split(padded), parts).allSatisfy { $0.floats == $1.floats })
    }

    @Test("gathers latent positions by action group type, and puts them back")
    func types() throws {
        let batch = try batch()
        // A position's value is its index in the batch.
        let whole = Tensor.arange(0 ..< 25).to(.float32).reshaped(5, 5, 1)
        let byType = batch.byType(whole)
        // Types are in the order of `ActionSpace.Kind`: position, then joints.
        #expect(byType[0]?.floats == [2, 3, 4, 7, 8, 9, 10, 11, 12, 15, 16, 17, 20, 21, 22])
        #expect(byType[1]?.floats == [0, 1, 5, 6])
        let back = batch.fromTypes(byType)
        let exists = try #require(batch.mask).to(.float32).reshaped(5, 5, 1)
        #expect(back.floats == (whole * exists).floats)
    }

    @Test("of one robot has no padding and no mask, and no vectors of types that it lacks")
    func single() throws {
        let shapes = PatchShape.universal()
        let space = try ActionSpace(parsing: "position=0:3,gripper=3")
        let batch = LatentBatch(
            [(try ActionPatchifier(space: space, horizon: 16, shapes: shapes), 7)],
            types: ActionGroupTypes(autoencoded: shapes),
            device: .cpu
        )
        #expect(batch.mask == nil && batch.latentPositionCount == 4)
        let latents = Tensor.randn([7, 4, 3])
        let byType = batch.byType(latents)
        #expect(byType.compactMap { $0 }.map(\.shape) == [[28, 3]])
        #expect(batch.fromTypes(byType).floats == latents.floats)
    }
}
