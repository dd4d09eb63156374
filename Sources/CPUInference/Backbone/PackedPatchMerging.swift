internal import Backbones
internal import NN
internal import Torch

/// `PatchMerging` for one image.
struct PackedPatchMerging: Sendable {
    private let layers: [(norm: PackedNorm, layer: PackedLinear)]
    private let activatesMap: Bool

    /// Packs the present weights of `merging`.
    init(_ merging: PatchMerging) {
        layers = zip(merging.norms, merging.layers).map { norm, layer in
            (PackedNorm(norm), PackedLinear(layer, after: norm))
        }
        activatesMap = merging.activatesMap
    }

    /// Tokens of a map of `columns` columns, row by row.
    func callAsFunction(_ map: Rows, columns: Int) -> Rows {
        var (x, columns) = (map, columns)
        for (merge, (norm, layer)) in layers.enumerated() {
            if merge > 0 || activatesMap { x.applyGelu() }
            x = layer(norm(Self.joined(x, columns: columns)))
            columns /= 2
        }
        return x
    }

    /// Blocks of 2 x 2 rows of `x`, each in one row.
    private static func joined(_ x: Rows, columns: Int) -> Rows {
        let half = 2 * x.width
        return Rows(
            [Float](unsafeUninitializedCapacity: x.values.count) { buffer, initialized in
                for block in 0 ..< x.count / 4 {
                    let (row, column) = block.quotientAndRemainder(dividingBy: columns / 2)
                    for part in 0 ..< 2 {
                        let source = ((2 * row + part) * columns + 2 * column) * x.width
                        for index in 0 ..< half {
                            buffer[block * 2 * half + part * half + index] = x.values[source + index]
                        }
                    }
                }
                initialized = x.values.count
            },
            width: 2 * half
        )
    }
}

/// A norm whose shift is part of the layer that follows it.
struct PackedNorm: Sendable {
    private let scale: [Float]
    private let epsilon: Float

    /// Copies the present scale of `norm`.
    init(_ norm: LayerNorm) { (scale, epsilon) = (norm.weight.floats, Float(norm.epsilon)) }

    /// Rows with zero mean and unit variance, scaled.
    func callAsFunction(_ x: Rows) -> Rows { x.normalized(scale: scale, epsilon: epsilon) }
}

/// A norm with its shift.
struct PackedShiftedNorm: Sendable {
    private let norm: PackedNorm
    private let shift: [Float]

    /// Copies the present scale and shift of `norm`.
    init(_ norm: LayerNorm) {
        self.norm = PackedNorm(norm)
        shift = norm.bias?.floats ?? [Float](repeating: 0, count: norm.weight.count)
    }

    /// Rows with zero mean and unit variance, scaled and shifted.
    func callAsFunction(_ x: Rows) -> Rows {
        var y = norm(x)
        for row in 0 ..< y.count {
            for column in 0 ..< y.width { y.values[row * y.width + column] += shift[column] }
        }
        return y
    }
}
