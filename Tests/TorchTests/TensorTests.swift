import Testing
import Torch

@Suite("Tensors")
struct TensorTests {
    @Test("hold what Swift gave them, in every element type")
    func values() {
        #expect(Tensor([1, 2, 3, 4], shape: [2, 2]).integers == [1, 2, 3, 4])
        #expect(Tensor([1.5 as Float, -2]).floats == [1.5, -2])
        #expect(Tensor([true, false]).values(as: Bool.self) == [true, false])
        #expect(Tensor([UInt8(7)]).dtype == .uint8)
        #expect(Tensor([Float](), shape: [0, 3]).shape == [0, 3])
    }

    @Test("compute with tensors and numbers on either side")
    func arithmetic() {
        let x = Tensor([1 as Float, 2, 4])
        #expect((x + 1).floats == [2, 3, 5])
        #expect((1 - x).floats == [0, -1, -3])
        #expect((2 / x).floats == [2, 1, 0.5])
        #expect((x * x / x - x).floats == [0, 0, 0])
        #expect((-x).abs().floats == [1, 2, 4])
        #expect(x.greater(1.5).values(as: Bool.self) == [false, true, true])
    }

    @Test("change shape without changing order")
    func shape() {
        let x = Tensor.arange(0 ..< 24).reshaped(2, 3, 4)
        #expect(x.permuted(2, 0, 1).shape == [4, 2, 3])
        #expect(x.select(0, 1).select(0, 2).integers == [20, 21, 22, 23])
        #expect(x.narrowed(2, from: 1, count: 2).select(0, 0).integers == [1, 2, 5, 6, 9, 10])
        #expect(Tensor.concatenated(x.split(sizes: [1, 2], axis: 1), axis: 1).integers == x.integers)
        #expect(Tensor.stacked([x, x], axis: 1).shape == [2, 2, 3, 4])
    }

    @Test("reduce over chosen axes")
    func reductions() {
        let x = Tensor([1 as Float, 5, 3, 4, 2, 6], shape: [2, 3])
        #expect(x.sum().item == 21)
        #expect(x.sum(0).floats == [5, 7, 9])
        #expect(x.mean(1, keepingAxes: true).shape == [2, 1])
        #expect(x.max(1).floats == [5, 6])
        #expect(x.argmax(1).integers == [1, 2])
        #expect(x.topK(2).indices.integers == [1, 2, 2, 0])
    }

    @Test("are indexed by tensors")
    func indexing() {
        let x = Tensor([10, 20, 30])
        #expect(x.gathering(Tensor([2, 0]), axis: 0).integers == [30, 10])
        let counts = Tensor.zeros([3])
        counts.indexAddInPlace(axis: 0, Tensor([1, 1, 2]), Tensor.ones([3]))
        #expect(counts.floats == [0, 2, 1])
    }

    @Test("are divided with a remainder")
    func division() {
        let (quotient, remainder) = Tensor([7, 8, 15]).quotientAndRemainder(dividingBy: 8)
        #expect(quotient.integers == [0, 1, 1])
        #expect(remainder.integers == [7, 0, 7])
    }

    @Test("have eigenvectors, if symmetric, by rising eigenvalue")
    func eigen() {
        Torch.seed(4)
        let half = Tensor.randn([5, 5], dtype: .float64)
        let matrix = half + half.transposed(0, 1)
        let (values, vectors) = matrix.symmetricEigen()
        let back = (vectors * values).matmul(vectors.transposed(0, 1))
        #expect((back - matrix).abs().max().item < 1e-12)
        let numbers = values.to(.float32).floats
        #expect(numbers == numbers.sorted())
        let diagonal = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]).keepingDiagonal()
        #expect(diagonal.floats == [1, 0, 0, 4])
    }

    @Test("sample the same numbers from the same seed and state")
    func random() {
        Torch.seed(7)
        let first = Tensor.randn([4]).floats
        let state = Torch.randomState
        let second = Tensor.rand([4]).floats
        Torch.randomState = state
        #expect(Tensor.rand([4]).floats == second)
        Torch.seed(7)
        #expect(Tensor.randn([4]).floats == first)
    }

    @Test("end the process with libtorch's own message when shapes disagree")
    func trap() async {
        await #expect(processExitsWith: .failure) { _ = Tensor.zeros([2, 3]).matmul(Tensor.zeros([2, 3])) }
    }

    @Test("pick elements in proportion to weights, and none without")
    func picks() {
        Torch.seed(3)
        let weights = Tensor([0, 3, 1, 0] as [Float])
        let counts = Tensor.picks(4000, weights: weights).bincount(minimumLength: 4).integers
        #expect(counts[0] == 0 && counts[3] == 0 && abs(counts[1] - 3000) < 150)
        #expect(Set(Tensor.differentPicks(2, weights: weights).integers) == [1, 2])
        let rows = weights.unsqueezed(0).expanded([4000, 4])
        let picked = Tensor.pick(weights: rows).bincount(minimumLength: 4).integers
        #expect(picked[0] == 0 && picked[3] == 0 && abs(picked[1] - 3000) < 150)
    }
}
