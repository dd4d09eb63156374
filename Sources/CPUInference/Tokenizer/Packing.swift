internal import FASTerVQ
internal import NN
internal import Torch

extension Rows {
    /// A matrix, `[count, width]`.
    init(_ matrix: Tensor) { self.init(matrix.floats, width: matrix.size(1)) }

    /// Rows of both, side by side.
    func beside(_ other: Rows) -> Rows {
        var result: [Float] = []
        result.reserveCapacity(values.count + other.values.count)
        for row in 0 ..< count {
            result += values[row * width ..< (row + 1) * width]
            result += other.values[row * other.width ..< (row + 1) * other.width]
        }
        return Rows(result, width: width + other.width)
    }

    /// The first `columns` numbers of every row, and the others.
    func split(_ columns: Int) -> (Rows, Rows) {
        var (left, right): ([Float], [Float]) = ([], [])
        for row in 0 ..< count {
            left += values[row * width ..< row * width + columns]
            right += values[row * width + columns ..< (row + 1) * width]
        }
        return (Rows(left, width: columns), Rows(right, width: width - columns))
    }

    /// Overwrites the rows in `range`.
    mutating func replace(_ range: Range<Int>, with rows: Rows) {
        values.replaceSubrange(range.lowerBound * width ..< range.upperBound * width, with: rows.values)
    }
}

extension PackedLinear {
    /// Packs a convolution along time as a map of its windows, step by step.
    init(_ convolution: Conv1d) {
        self.init(
            weight: convolution.weight.transposed(1, 2).contiguous().floats,
            bias: convolution.bias.floats,
            outputs: convolution.weight.size(0)
        )
    }

    /// Adds the mapped rows to as many numbers of `y`, whose rows are `width` long.
    func add(_ x: Rows, to y: inout Rows, regrouped width: Int) {
        var wide = y.regrouped(width: outputs)
        add(x, to: &wide)
        y = wide.regrouped(width: width)
    }
}

extension PackedTransformer {
    /// Packs blocks and the norm after them; layer scales become part of the maps before them.
    init(_ blocks: [TransformerBlock], norm: LayerNorm) {
        self.init(
            blocks.map { block in
                Block(
                    attentionNorm: block.attentionNorm.weight.floats,
                    projection: PackedLinear(block.attention.projection),
                    queryNorm: Self.scale(block.attention.queryNorm),
                    keyNorm: Self.scale(block.attention.keyNorm),
                    output: PackedLinear(block.attention.output, scale: block.attentionScale),
                    feedForwardNorm: block.feedForwardNorm.weight.floats,
                    up: PackedLinear(block.feedForward.up),
                    down: PackedLinear(block.feedForward.down, scale: block.feedForwardScale)
                )
            },
            norm: norm.weight.floats,
            epsilon: norm.epsilon,
            headEpsilon: blocks.first?.attention.queryNorm?.epsilon ?? 1e-5
        )
    }

    private static func scale(_ norm: (any Norm)?) -> [Float] {
        guard let norm else { preconditionFailure("the kernels normalize queries and keys") }
        return norm.weight.floats
    }
}
