import Testing
import Torch
import VectorQuantization

@Suite("Finite scalar quantizer")
struct FiniteScalarQuantizerTests {
    private let quantizer = FiniteScalarQuantizer(levels: [8, 5, 5, 5])

    @Test("goes from every code to its levels and back")
    func roundTrip() {
        let codes = Tensor.arange(0 ..< quantizer.codebookSize)
        let vectors = quantizer.vectors(for: codes)
        #expect(quantizer.codebookSize == 1000)
        #expect(vectors.shape == [1000, 4])
        #expect(vectors.abs().max().item <= 1)
        // Values a little inside the bound that the hyperbolic tangent reaches.
        let inside = vectors * 0.999
        let before = ((inside + 1) / (1 - inside)).log() * 0.5
        #expect(quantizer.codes(for: before).integers == Array(0 ..< 1000))
        #expect((quantizer.quantized(before) - vectors).abs().max().item < 1e-5)
        #expect(quantizer.codes(for: before.reshaped(10, 100, 4)).shape == [10, 100])
    }

    @Test("has its levels evenly between -1 and 1")
    func levels() {
        let vectors = FiniteScalarQuantizer(levels: [2, 3]).vectors(for: Tensor([0, 1, 2, 3, 4, 5]))
        #expect(vectors.floats == [-1, -1, 1, -1, -1, 0, 1, 0, -1, 1, 1, 1])
    }

    @Test("gives codes in range whatever comes")
    func anything() {
        let codes = quantizer.codes(
            for: Tensor([-.infinity, 1e30, 0, -0.0, .infinity, 3, -3, 1e-30], shape: [2, 4])
        )
        #expect(codes.min().item >= 0 && codes.max().item < 1000)
    }

    @Test("passes gradients through as if only the bound were there")
    func gradients() {
        Torch.seed(1)
        let vectors = Tensor.randn([6, 4]).requiringGradient()
        quantizer.quantized(vectors).sum().backward()
        let expected = 1 - vectors.detached().tanh().squared()
        let found = vectors.gradient ?? vectors.zerosLike()
        #expect((found - expected).abs().max().item < 1e-6)
    }
}
