import Testing
import Torch
import VectorQuantization

@Suite("Residual recursion")
struct ResidualRecursionTests {
    /// Two codebooks of three entries of one channel.
    private let entries = Tensor([0, 1, 2, 0, 0.1, -0.4] as [Float], shape: [2, 3, 1])

    @Test("codes the entry nearest to what is left, and leaves the rest")
    func steps() {
        let vectors = Tensor([1.1, 0.6, 2.3] as [Float], shape: [3, 1])
        var recursion = ResidualRecursion(over: vectors, entries: entries)
        let steps = Array(recursion)
        #expect(steps.map(\.codebook) == [0, 1])
        #expect(steps[0].codes.integers == [1, 1, 2])
        #expect(steps[1].codes.integers == [1, 2, 1])
        while recursion.next() != nil {}
        #expect(recursion.nextCodebook == nil)
        #expect(zip(recursion.residual.floats, [0, 0, 0.2]).allSatisfy { abs($0 - $1) < 1e-6 })
        let codes = ResidualRecursion(over: vectors, entries: entries).codes()
        #expect(codes.integers == [1, 1, 1, 2, 2, 1])
        let sums = ResidualRecursion.vectors(for: codes, entries: entries)
        #expect(zip(sums.floats, [1.1, 0.6, 2.1]).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test("keeps residuals within bounds, so that a bounded sum is what the next codebook sees")
    func bounds() {
        // Sums may lie in 0 ... 1.5: of a vector of 1.4, at least -0.1 and at most 1.4 can be missing.
        let vectors = Tensor([1.6, 1.4] as [Float], shape: [2, 1])
        let bounds = (lower: vectors - 1.5, upper: vectors)
        var recursion = ResidualRecursion(over: vectors, entries: entries, within: bounds)
        #expect(recursion.next()?.codes.integers == [2, 1])
        #expect(zip(recursion.residual.floats, [0.1, 0.4]).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test("of no codebooks has no codes")
    func none() {
        let codes = ResidualRecursion(over: .ones([3, 1]), entries: .zeros([0, 3, 1])).codes()
        #expect(codes.shape == [3, 0] && codes.dtype == .int64)
    }
}
