internal import Backbones
internal import NN

/// `FlattenedMap` of one image.
struct PackedFlattenedMap: Sendable {
    private let reduction: PackedLinear
    private let norm: PackedShiftedNorm
    private let modulation: PackedLinear
    private let convolution: PackedConvolution
    private let projection: PackedLinear
    private let columns: Int

    /// Packs the present weights of `map`.
    init(_ map: FlattenedMap) {
        reduction = PackedLinear(map.reduction)
        norm = PackedShiftedNorm(map.norm)
        modulation = PackedLinear(map.modulation)
        convolution = PackedConvolution(map.convolution)
        projection = PackedLinear(map.projection)
        columns = map.columns
    }

    /// The vector of a map, `[cells, C]`, for an instruction embedding, `[1, width]`.
    func callAsFunction(_ cells: Rows, instruction: Rows) -> [Float] {
        let modulation = modulation(norm(instruction)).values
        var reduced = reduction(cells)
        let channels = reduced.width
        for row in 0 ..< reduced.count {
            for channel in 0 ..< channels {
                let index = row * channels + channel
                reduced.values[index] *= 1 + modulation[channel]
                reduced.values[index] += modulation[channels + channel]
            }
        }
        reduced.applyGelu()
        var map = PackedMap(
            rows: cells.count / columns,
            columns: columns,
            channels: channels,
            border: convolution.kernel / 2
        )
        for row in 0 ..< map.rows {
            let (source, target) = (row * columns * channels, map.start(ofRow: row))
            map.values.replaceSubrange(
                target ..< target + columns * channels,
                with: reduced.values[source ..< source + columns * channels]
            )
        }
        let convolved = convolution(map, nextKernel: nil)
        var rows = Rows(convolved.values, width: convolved.channels)
        rows.applyGelu()
        var projected = projection(rows)
        projected.applyGelu()
        return projected.values
    }
}
