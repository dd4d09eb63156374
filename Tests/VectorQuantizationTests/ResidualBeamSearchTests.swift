import Testing
import Torch
import VectorQuantization

@Suite("Residual beam search")
struct ResidualBeamSearchTests {
    private func squaredErrors(_ vectors: Tensor, _ entries: Tensor, beamWidth: Int) -> [Float] {
        let codes = ResidualBeamSearch.codes(for: vectors, entries: entries, beamWidth: beamWidth)
        let sums = ResidualRecursion.vectors(for: codes, entries: entries)
        return (vectors - sums).squared().sum(1).floats
    }

    @Test("with one prefix, chooses the nearest entry of every codebook")
    func greedy() {
        Torch.seed(1)
        let (vectors, entries) = (Tensor.randn([50, 4]), Tensor.randn([3, 16, 4]))
        let expected = ResidualRecursion(over: vectors, entries: entries).codes()
        let codes = ResidualBeamSearch.codes(for: vectors, entries: entries, beamWidth: 1)
        #expect(codes.integers == expected.integers)
        #expect(codes.shape == [50, 3])
    }

    @Test("with all prefixes, finds the nearest of all sums")
    func exhaustive() {
        Torch.seed(2)
        let (vectors, entries) = (Tensor.randn([20, 3]), Tensor.randn([2, 8, 3]))
        let sums = (entries.select(0, 0).unsqueezed(1) + entries.select(0, 1).unsqueezed(0)).reshaped(64, 3)
        let nearest = (vectors.unsqueezed(1) - sums.unsqueezed(0)).squared().sum(2).min(1).floats
        for (error, best) in zip(squaredErrors(vectors, entries, beamWidth: 8), nearest) {
            #expect(abs(error - best) < 1e-5)
        }
    }

    @Test("lowers the error on average, whatever number of vectors is searched at once")
    func error() {
        Torch.seed(3)
        let (vectors, entries) = (Tensor.randn([3000, 6]), Tensor.randn([3, 1024, 6]) * 0.7)
        func mean(_ width: Int) -> Float {
            squaredErrors(vectors, entries, beamWidth: width).reduce(0, +) / 3000
        }
        #expect(mean(4) < 0.9 * mean(1))
        let all = ResidualBeamSearch.codes(for: vectors, entries: entries, beamWidth: 4)
        let last = ResidualBeamSearch.codes(
            for: vectors.narrowed(0, from: 2999, count: 1),
            entries: entries,
            beamWidth: 4
        )
        #expect(all.select(0, 2999).integers == last.integers)
        let none = ResidualBeamSearch.codes(for: .zeros([0, 6]), entries: entries, beamWidth: 4)
        #expect(none.shape == [0, 3])
    }
}
