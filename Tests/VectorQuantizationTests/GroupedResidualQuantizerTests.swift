import Testing
import Torch
import VectorQuantization

@Suite("Grouped residual quantizer")
struct GroupedResidualQuantizerTests {
    private func quantizer() -> GroupedResidualQuantizer {
        var configuration = ResidualQuantizer.Configuration()
        (configuration.codebookCount, configuration.codebookSize) = (2, 8)
        return GroupedResidualQuantizer(configuration, groupCount: 3, width: 4)
    }

    /// Vectors of the first and the last group; the second has none.
    private let vectors: [Tensor?] = {
        Torch.seed(1)
        return [Tensor.randn([20, 4]), nil, Tensor.randn([30, 4]) * 5 + 10]
    }()

    @Test("codes each group's vectors by the group's own entries")
    func groups() throws {
        let quantizer = quantizer()
        quantizer.initialize(from: vectors)
        let codes = quantizer.codes(for: vectors)
        #expect(codes[1] == nil)
        for group in [0, 2] {
            let own = quantizer.quantizers[group]
            let expected = own.codes(for: try #require(vectors[group]))
            #expect(codes[group]?.integers == expected.integers)
            #expect(quantizer.vectors(for: codes)[group]?.floats == own.vectors(for: expected).floats)
        }
        #expect(quantizer.quantizers[1].entries.abs().max().item == 0)
        // No entry of the last group lies where the first group's vectors are.
        #expect(quantizer.quantizers[2].entries.select(0, 0).mean().item > 5)
    }

    @Test(
        "has the mean commitment of all vectors that count, and moves entries only of groups that have some"
    )
    func training() throws {
        let quantizer = quantizer()
        quantizer.initialize(from: vectors)
        let weights: [Tensor?] = [
            Tensor((0 ..< 20).map { Float($0 < 5 ? 1 : 0) }), nil, Tensor.ones([30]),
        ]
        let restored = quantizer.vectors(for: quantizer.codes(for: vectors))
        var sum = 0.0
        for group in [0, 2] {
            let distance = (try #require(vectors[group]) - (try #require(restored[group]))).squared().mean(1)
            sum += (distance * (try #require(weights[group]))).sum().item
        }
        let (quantized, commitment) = quantizer.train(vectors, weights: weights)
        #expect(abs(commitment.item - sum / 35) < 1e-5)
        #expect(quantized[1] == nil && quantized[0]?.shape == [20, 4])
        #expect(quantizer.quantizers[1].counts.abs().max().item == 0)
    }
}
