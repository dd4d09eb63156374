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

    @Test(
        "attention to a cache agrees to 1e-5",
        arguments: [(1, 16, 1), (5, 48, 53), (3, 32, 13), (6, 64, 10), (2, 8, 20), (4, 40, 9), (1, 80, 31)]
    )
    func attention(places: Int, width: Int, filled: Int) {
        Torch.seed(UInt64(width))
        let (heads, room) = (2, filled + places + 3)
        let joined = Tensor.randn([places, 3 * heads * width])
        let scales = (Tensor.rand([width]) + 0.5, Tensor.rand([width]) + 0.5)
        let (keys, values) = (Tensor.randn([heads, room, width]), Tensor.randn([heads, room, width]))
        let angles = Tensor.rand([places, width / 2]) * 3.0
        let attention = PackedCachedAttention(
            headCount: heads,
            queryNorm: scales.0.floats,
            keyNorm: scales.1.floats,
            epsilon: 1e-5
        )
        var (cachedKeys, cachedValues) = (keys.floats, values.floats)
        let found = cachedKeys.withUnsafeMutableBufferPointer { keys in
            cachedValues.withUnsafeMutableBufferPointer { values in
                attention(
                    rows(joined),
                    cosines: rows(angles.cos()),
                    sines: rows(angles.sin()),
                    cache: .init(
                        keys: keys.baseAddress!,
                        values: values.baseAddress!,
                        room: room,
                        filled: filled
                    )
                )
            }
        }
        /// Heads `[heads, places, width]`, of the queries, keys or values.
        func own(_ part: Int) -> Tensor {
            joined.reshaped(places, 3, heads, width).select(1, part).transposed(0, 1)
        }
        func turned(_ x: Tensor, _ scale: Tensor) -> Tensor {
            let y = x.layerNorm(weight: scale, bias: nil, epsilon: 1e-5)
            let (left, right) = (
                y.narrowed(2, from: 0, count: width / 2), y.narrowed(2, from: width / 2, count: width / 2)
            )
            let (cosine, sine) = (angles.cos(), angles.sin())
            return .concatenated([left * cosine - right * sine, right * cosine + left * sine], axis: 2)
        }
        func all(_ cached: Tensor, _ new: Tensor) -> Tensor {
            .concatenated([cached.narrowed(1, from: 0, count: filled), new], axis: 1).unsqueezed(0)
        }
        let expected = turned(own(0), scales.0).unsqueezed(0).attention(
            key: all(keys, turned(own(1), scales.1)),
            value: all(values, own(2)),
            mask: nil
        )
        expectSame(found, expected.select(0, 0).transposed(0, 1).reshaped(places, heads * width))
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
