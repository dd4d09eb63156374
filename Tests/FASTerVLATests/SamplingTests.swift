import FASTerVLA
import Testing
import Torch

@Suite("Sampling")
struct SamplingTests {
    @Test("takes the best entry when greedy")
    func greedy() {
        #expect(
            Sampling.greedy.codes(from: Tensor([0 as Float, 3, 1, 5, 2, 4], shape: [2, 3])).integers == [
                1, 0,
            ]
        )
    }

    @Test("draws among the best entries in proportion to their exponentials")
    func proportions() {
        Torch.seed(2)
        var sampling = Sampling()
        sampling.topK = 2
        sampling.temperature = 0.5
        let logits = Tensor([0 as Float, 0.5, 1, -9]).unsqueezed(0).expanded([20_000, 4])
        let counts = sampling.codes(from: logits).bincount(minimumLength: 4).integers
        #expect(counts[0] == 0 && counts[3] == 0)
        #expect(abs(Double(counts[2]) / 20_000 - 0.731) < 0.015)
    }
}
