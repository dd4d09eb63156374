internal import NN
internal import Torch

/// A feature map with a border of zeros, `[rows + 2 · border, columns + 2 · border, channels]`.
struct PackedMap {
    let rows: Int
    let columns: Int
    let channels: Int
    let border: Int
    var values: [Float]

    /// A map of zeros.
    init(rows: Int, columns: Int, channels: Int, border: Int) {
        (self.rows, self.columns, self.channels, self.border) = (rows, columns, channels, border)
        values = [Float](repeating: 0, count: (rows + 2 * border) * (columns + 2 * border) * channels)
    }

    /// Index of the first number of a row, after the border.
    func start(ofRow row: Int) -> Int { ((row + border) * (columns + 2 * border) + border) * channels }
}

/// A convolution over one image, a product for every row of its kernel and of the result: windows of a row overlap in memory.
struct PackedConvolution: Sendable {
    /// Rows and columns of the kernel.
    let kernel: Int
    private let stride: Int
    private let channels: Int
    /// One a row of the kernel; the first has the bias.
    private let rows: [PackedLinear]

    /// Packs the present weights of `layer`.
    init(_ layer: Conv2d) {
        let weight = layer.weight.permuted(2, 0, 3, 1)
        (kernel, stride, channels) = (weight.size(0), layer.stride, weight.size(1))
        precondition(
            layer.padding == weight.size(0) / 2 && layer.groups == 1,
            "a border of half a kernel, one group"
        )
        rows = (0 ..< weight.size(0)).map { row in
            PackedLinear(
                weight: weight.select(0, row).contiguous().floats,
                bias: row == 0 ? layer.bias.floats : nil,
                outputs: weight.size(1)
            )
        }
    }

    /// The convolved map with a border for the next kernel, `nextKernel` rows high, with GELU unless it is the last.
    func callAsFunction(_ x: PackedMap, nextKernel: Int?) -> PackedMap {
        precondition(
            x.border == kernel / 2 && x.channels * kernel == rows[0].inputs,
            "a map of another layer"
        )
        var y = PackedMap(
            rows: (x.rows - 1) / stride + 1,
            columns: (x.columns - 1) / stride + 1,
            channels: channels,
            border: (nextKernel ?? 0) / 2
        )
        let width = (x.columns + 2 * x.border) * x.channels
        for row in 0 ..< y.rows {
            let start = y.start(ofRow: row)
            x.values.withUnsafeBufferPointer { source in
                y.values.withUnsafeMutableBufferPointer { target in
                    guard let source = source.baseAddress, let target = target.baseAddress else { return }
                    for (index, layer) in rows.enumerated() {
                        layer.apply(
                            source + (row * stride + index) * width,
                            stride: stride * x.channels,
                            rows: y.columns,
                            to: target + start,
                            adding: index > 0
                        )
                    }
                    if nextKernel != nil { Rows.applyGelu(target + start, count: y.columns * channels) }
                }
            }
        }
        return y
    }
}
