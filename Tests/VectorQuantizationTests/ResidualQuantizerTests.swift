import NN
import Testing
import Torch
import VectorQuantization

@Suite("Residual quantizer")
struct ResidualQuantizerTests {
    private func quantizer(_ size: Int, codebooks: Int = 2) -> ResidualQuantizer {
        var configuration = ResidualQuantizer.Configuration()
        configuration.codebookSize = size
        configuration.codebookCount = codebooks
        return ResidualQuantizer(configuration, width: 4)
    }

    @Test("finds the nearest entry, as a search through all of them does")
    func nearest() {
        Torch.seed(1)
        let quantizer = quantizer(32)
        quantizer.entries.copyInPlace(.randn([2, 32, 4]))
        let vectors = Tensor.randn([50, 4])
        let codes = quantizer.codes(for: vectors).integers
        var left = vectors
        for codebook in 0 ..< 2 {
            let table = quantizer.entries.select(0, codebook)
            let distances = (left.unsqueezed(1) - table.unsqueezed(0)).squared().sum(2)
            let expected = distances.argmin(1)
            #expect((0 ..< 50).map { codes[$0 * 2 + codebook] } == expected.integers)
            left = left - table.gathering(expected, axis: 0)
        }
        let restored = quantizer.vectors(for: quantizer.codes(for: vectors))
        #expect((vectors - restored - left).abs().max().item < 1e-5)
    }

    @Test("resets dead entries to vectors, not to zero, and keeps them alive")
    func deadEntries() {
        Torch.seed(3)
        let quantizer = quantizer(64, codebooks: 1)
        let vectors = Tensor.randn([512, 4]) + 10
        let weights = Tensor.ones([512])
        quantizer.initialize(from: vectors)
        for entry in 8 ..< 64 {
            quantizer.entries.select(0, 0).select(0, entry).fillInPlace(-100)
            quantizer.counts.select(0, 0).select(0, entry).fillInPlace(0)
            quantizer.sums.select(0, 0).select(0, entry).fillInPlace(0)
        }
        for _ in 0 ..< 30 { _ = quantizer.train(vectors, weights: weights) }
        #expect(quantizer.entries.min().item > 5)
        let used = quantizer.codes(for: vectors).reshaped(-1).bincount(minimumLength: 64).greater(0).sum()
            .item
        #expect(used / 64 > 0.9)
    }

    @Test("never moves towards padding")
    func padding() {
        Torch.seed(4)
        let quantizer = quantizer(8, codebooks: 1)
        let real = Tensor.randn([64, 4])
        quantizer.initialize(from: real)
        let both = Tensor.concatenated([real, Tensor.full([64, 4], 1000)], axis: 0)
        let weights = Tensor.concatenated([Tensor.ones([64]), Tensor.zeros([64])], axis: 0)
        for _ in 0 ..< 20 { _ = quantizer.train(both, weights: weights) }
        #expect(quantizer.entries.abs().max().item < 10)
    }

    @Test("passes gradients on by the straight-through estimator")
    func straightThrough() {
        Torch.seed(5)
        let quantizer = quantizer(8)
        let vectors = Tensor.randn([16, 4]).requiringGradient()
        quantizer.initialize(from: vectors.detached())
        quantizer.train(vectors, weights: Tensor.ones([16])).quantized.sum().backward()
        #expect(vectors.gradient?.floats == [Float](repeating: 1, count: 64))
    }

    @Test("uses only the active codebooks of each vector, and commits to the entries of all")
    func activeQuantizers() {
        Torch.seed(6)
        let quantizer = quantizer(8)
        let vectors = Tensor.randn([16, 4])
        quantizer.initialize(from: vectors)
        let codes = quantizer.codes(for: vectors)
        let (first, all) = (
            quantizer.vectors(for: codes.narrowed(1, from: 0, count: 1)), quantizer.vectors(for: codes)
        )
        let active = Tensor((0 ..< 16).map { $0 % 2 + 1 })
        let result = quantizer.train(vectors, weights: .ones([16]), activeQuantizers: active)
        let expected = all.selected(where: active.equal(2).unsqueezed(1), otherwise: first)
        #expect((result.quantized - expected).abs().max().item < 1e-6)
        let commitment = (vectors - all).squared().mean().item
        #expect(abs(result.commitment.item - commitment) < 1e-6)
    }
}
