import Kernels
import Testing
import Torch

/// Each against libtorch, in widths that fill panels and rows of the kernels and that do not.
@Suite("Kernels for few rows")
struct KernelsTests {
    private func rows(_ tensor: Tensor) -> Rows { Rows(tensor.floats, width: tensor.size(1)) }

    private func expectSame(_ found: Rows, _ expected: Tensor, _ tolerance: Float = 1e-5) {
        #expect(found.width == expected.size(1))
        #expect(zip(found.values, expected.floats).allSatisfy { abs($0 - $1) <= tolerance })
    }

    @Test("a linear map agrees to 1e-5", arguments: [1, 2, 3, 5, 6, 9, 21])
    func linear(count: Int) {
        Torch.seed(UInt64(count))
        for (inputs, outputs) in [(1, 1), (7, 16), (24, 40), (128, 384), (512, 3)] {
            let (x, weight) = (Tensor.randn([count, inputs]), Tensor.randn([outputs, inputs]) * 0.1)
            let (bias, scale) = (Tensor.randn([outputs]), Tensor.randn([outputs]))
            let layer = PackedLinear(
                weight: weight.floats,
                bias: bias.floats,
                scale: scale.floats,
                outputs: outputs
            )
            let expected = x.linear(weight: weight, bias: bias) * scale
            expectSame(layer(rows(x)), expected)
            var sum = rows(expected)
            layer.add(rows(x), to: &sum)
            expectSame(sum, expected * 2, 2e-5)
        }
    }

    @Test("windows of a run of numbers are a convolution's")
    func convolution() {
        Torch.seed(3)
        let (x, weight, bias) = (Tensor.randn([1, 3, 11]), Tensor.randn([4, 3, 5]), Tensor.randn([4]))
        let expected = x.conv1d(weight: weight, bias: bias, padding: 2).select(0, 0).transposed(0, 1)
        let layer = PackedLinear(
            weight: weight.transposed(1, 2).contiguous().floats,
            bias: bias.floats,
            outputs: 4
        )
        let zeros = [Float](repeating: 0, count: 6)
        var y = Rows(count: 11, width: 4)
        layer.addWindows(
            of: zeros + x.select(0, 0).transposed(0, 1).contiguous().floats + zeros,
            stride: 3,
            to: &y
        )
        expectSame(y, expected.contiguous())
    }

    @Test("GELU agrees to 3e-6 from -9 to 9")
    func gelu() {
        let x = Tensor((-9000 ... 9000).map { Float($0) / 1000 }).reshaped(-1, 1)
        var found = rows(x)
        found.applyGelu()
        expectSame(found, x.gelu(), 3e-6)
    }

    @Test(
        "the nearest entry is the one that the product of all finds, the first of equals",
        arguments: [1, 15, 16, 500]
    )
    func nearest(count: Int) {
        Torch.seed(4)
        let (x, entries) = (Tensor.randn([40, 9]), Tensor.randn([count, 9]))
        let packed = PackedEntries(rows(entries))
        let expected = (entries.squared().sum(1) * 0.5 - x.matmul(entries.transposed(0, 1))).argmin(1)
        let found = (0 ..< 40).map { packed.nearest(to: $0, of: rows(x)) }
        #expect(found == expected.integers)
        let twins = PackedEntries(Rows([2, 2, 2], width: 1))
        #expect(twins.nearest(to: 0, of: Rows([1], width: 1)) == 0)
    }

    @Test("adding an entry changes its row only")
    func adding() {
        let packed = PackedEntries(Rows([1, 2, 3, 4], width: 2))
        var y = Rows([0, 0, 10, 10], width: 2)
        packed.add(1, times: -2, toRow: 1, of: &y)
        #expect(y.values == [0, 0, 4, 2])
    }
}
