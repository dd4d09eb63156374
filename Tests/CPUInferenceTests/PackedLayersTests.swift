import Testing
import Torch

@testable import CPUInference

/// Each against libtorch, in widths that fill panels and rows of the kernels and that do not.
@Suite("Packed layers")
struct PackedLayersTests {
    private func rows(_ tensor: Tensor) -> Rows { Rows(tensor.floats, width: tensor.size(1)) }

    private func expectSame(_ found: Rows, _ expected: Tensor, _ tolerance: Float = 1e-5) {
        #expect(found.width == expected.size(1) && found.count == expected.size(0))
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

    @Test("a linear map of rows of another width ends the process")
    func otherWidth() async {
        await #expect(processExitsWith: .failure) {
            let layer = PackedLinear(weight: [1, 2, 3, 4], outputs: 2)
            _ = layer(Rows([1, 2, 3], width: 1))
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
    func attention(tokens: Int, width: Int, filled: Int) {
        Torch.seed(UInt64(width))
        let (heads, room) = (2, filled + tokens + 3)
        let joined = Tensor.randn([tokens, 3 * heads * width])
        let scales = (Tensor.rand([width]) + 0.5, Tensor.rand([width]) + 0.5)
        let (keys, values) = (Tensor.randn([heads, room, width]), Tensor.randn([heads, room, width]))
        let angles = Tensor.rand([tokens, width / 2]) * 3.0
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
                    angles: PackedAngles(cosines: angles.cos().floats, sines: angles.sin().floats),
                    tokens: tokens,
                    cache: .init(
                        keys: keys.baseAddress!,
                        values: values.baseAddress!,
                        room: room,
                        filled: filled,
                        elementCount: heads * room * width
                    )
                )
            }
        }
        /// Heads `[heads, tokens, width]`, of the queries, keys or values.
        func own(_ part: Int) -> Tensor {
            joined.reshaped(tokens, 3, heads, width).select(1, part).transposed(0, 1)
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
        expectSame(found, expected.select(0, 0).transposed(0, 1).reshaped(tokens, heads * width))
    }

    @Test("a query that is no number spoils its own output and no other")
    func notANumber() {
        let width = 16
        let attention = PackedCachedAttention(
            headCount: 1,
            queryNorm: [Float](repeating: 1, count: width),
            keyNorm: [Float](repeating: 1, count: width),
            epsilon: 1e-5
        )
        func outputs(_ joined: Rows) -> Rows {
            var keys = [Float](repeating: 0, count: joined.count * width)
            var values = keys
            return keys.withUnsafeMutableBufferPointer { keys in
                values.withUnsafeMutableBufferPointer { values in
                    attention(
                        joined,
                        angles: nil,
                        tokens: joined.count,
                        cache: .init(
                            keys: keys.baseAddress!,
                            values: values.baseAddress!,
                            room: joined.count,
                            filled: 0,
                            elementCount: joined.count * width
                        )
                    )
                }
            }
        }
        Torch.seed(5)
        let whole = rows(Tensor.randn([2, 3 * width]))
        var broken = whole
        broken.values[3] = .nan
        #expect(outputs(broken)[1 ..< 2] == outputs(whole)[1 ..< 2])
    }

    @Test(
        "blocks over the rows of a sequence agree to 2e-5",
        arguments: [(1, 8), (5, 16), (7, 24), (13, 32), (18, 48)]
    )
    func transformer(count: Int, headWidth: Int) {
        Torch.seed(UInt64(headWidth))
        let (heads, width, hidden) = (2, 20, 36)
        func weight(_ outputs: Int, _ inputs: Int) -> Tensor {
            Tensor.randn([outputs, inputs]) * (1 / Double(inputs).squareRoot())
        }
        func scale(_ width: Int) -> Tensor { Tensor.rand([width]) + 0.5 }
        let (before, between, after) = (scale(width), scale(width), scale(width))
        let (queryNorm, keyNorm) = (scale(headWidth), scale(headWidth))
        let projection = weight(3 * heads * headWidth, width)
        let output = weight(width, heads * headWidth)
        let (up, down) = (weight(hidden, width), weight(width, hidden))
        func packed(_ weight: Tensor) -> PackedLinear {
            PackedLinear(weight: weight.floats, outputs: weight.size(0))
        }
        let block = PackedTransformer.Block(
            attentionNorm: before.floats,
            projection: packed(projection),
            queryNorm: queryNorm.floats,
            keyNorm: keyNorm.floats,
            output: packed(output),
            feedForwardNorm: between.floats,
            up: packed(up),
            down: packed(down)
        )
        func normalized(_ x: Tensor, _ scale: Tensor) -> Tensor {
            x.layerNorm(weight: scale, bias: nil, epsilon: 1e-5)
        }
        func transformed(_ x: Tensor) -> Tensor {
            let joined = normalized(x, before).linear(weight: projection, bias: nil)
            let parts = joined.reshaped(1, count, 3, heads, headWidth).permuted(2, 0, 3, 1, 4)
            let read = normalized(parts.select(0, 0), queryNorm).attention(
                key: normalized(parts.select(0, 1), keyNorm),
                value: parts.select(0, 2)
            )
            let rows = read.select(0, 0).transposed(0, 1).reshaped(count, heads * headWidth)
            let y = x + rows.linear(weight: output, bias: nil)
            let inner = normalized(y, between).linear(weight: up, bias: nil).gelu()
            return y + inner.linear(weight: down, bias: nil)
        }
        let x = Tensor.randn([count, width])
        let transformer = PackedTransformer(
            [block, block],
            norm: after.floats,
            epsilon: 1e-5,
            headEpsilon: 1e-5
        )
        expectSame(transformer(rows(x)), normalized(transformed(transformed(x)), after), 2e-5)
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
        let found = packed.nearest(to: rows(x))
        #expect(found == expected.integers)
        let twins = PackedEntries(Rows([2, 2, 2], width: 1))
        #expect(twins.nearest(to: Rows([1], width: 1)) == [0])
    }

    @Test(
        "the nearest pairs are those of all distances in order",
        arguments: [(1, 1), (1, 500), (4, 500), (4, 15), (6, 33), (7, 16)]
    )
    func nearestPairs(count: Int, entryCount: Int) {
        Torch.seed(4)
        let (x, entries) = (Tensor.randn([count, 9]), Tensor.randn([entryCount, 9]))
        let packed = PackedEntries(rows(entries))
        let distances = (x.unsqueezed(1) - entries.unsqueezed(0)).squared().sum(2).floats
        let nearest = distances.indices.sorted { distances[$0] < distances[$1] }
        for kept in [1, 4] {
            let found = packed.nearestPairs(to: x.floats, rows: count, kept: kept)
            #expect(found.map { $0.row * entryCount + $0.entry } == Array(nearest.prefix(kept)))
        }
    }

    @Test("adding an entry changes its row only")
    func adding() {
        let packed = PackedEntries(Rows([1, 2, 3, 4], width: 2))
        var y = Rows([0, 0, 10, 10], width: 2)
        packed.add(1, times: -2, toRow: 1, of: &y)
        #expect(y.values == [0, 0, 4, 2])
    }
}
