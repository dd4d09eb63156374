import ActionTokenizers
import NN
import Testing
import Torch

@testable import FASTerVLA

@Suite("Geometry of codewords")
struct CodewordGeometryTests {
    /// An 8 x 8 grid of entries, in units that depend on the latent position.
    private func codewords(unit: Float = 1) -> Codewords {
        let grid = (0 ..< 64).flatMap { [Float($0 % 8) - 3.5, Float($0 / 8) - 3.5] }
        return Codewords(
            codebookCount: 1,
            latentPositionCount: 2,
            codebookSize: 64,
            width: 2,
            values: grid.map { $0 * unit } + grid.reversed().map { 100 * $0 * unit }
        )
    }

    private func geometry(_ codewords: Codewords) -> CodewordGeometry {
        Torch.seed(3)
        let geometry = CodewordGeometry(
            BlockSchedule(codebookCount: 1, latentPositionCount: 2),
            codebookSize: 64,
            coordinates: 2,
            width: 3,
            device: .cpu
        )
        geometry.set(codewords)
        return geometry
    }

    /// Slots that show where the codeword of `entry` lies in the grid, `[B, 2, 3]`.
    private func slots(_ entries: [Int]) -> Tensor {
        let shown = entries.flatMap { entry -> [Float] in
            let (x, y) = (Float(entry % 8) / 4, Float(entry / 8) / 4)
            return [x, y, 1, y, -x, 1]
        }
        return Tensor(shown, shape: [entries.count, 2, 3])
    }

    @Test("finds entries that no example showed")
    func generalization() {
        let geometry = geometry(codewords())
        let seen = (0 ..< 64).filter { ($0 % 8 + $0 / 8).isMultiple(of: 2) }
        var settings = AdamW.Configuration()
        (settings.learningRate, settings.weightDecay) = (0.05, 0)
        let optimizer = AdamW(geometry.parameters, configuration: settings)
        let targets = Tensor(seen.flatMap { [$0, 63 - $0] })
        for _ in 0 ..< 400 {
            let scores = geometry.logits(slots(seen), codebook: 0, positions: 0 ..< 2)
            scores.reshaped(-1, 65).crossEntropy(targets).backward()
            optimizer.step(factor: 1)
            optimizer.forgetGradients()
        }
        let unseen = (0 ..< 64).filter { !seen.contains($0) }
        let found = withoutGradients {
            geometry.logits(slots(unseen), codebook: 0, positions: 0 ..< 2).narrowed(2, from: 0, count: 64)
                .argmax(2).values(as: Int.self)
        }
        let right = zip(found, unseen.flatMap { [$0, 63 - $0] }).count { $0 == $1 }
        #expect(right == 64)
    }

    @Test("does not depend on the unit of the codewords")
    func unit() {
        let (one, other) = (geometry(codewords()), geometry(codewords(unit: 10)))
        let codes = Tensor([3, 40, 17, 63], shape: [2, 2])
        let schedule = BlockSchedule(codebookCount: 1, latentPositionCount: 2)
        func results(_ geometry: CodewordGeometry) -> [Tensor] {
            [
                geometry.logits(slots([5, 9]), codebook: 0, positions: 0 ..< 2),
                geometry.embedded(codes, slots: 0 ..< 2, schedule),
            ]
        }
        for (one, other) in zip(results(one), results(other)) {
            #expect((one - other).abs().max().item < 1e-5)
        }
    }
}
