internal import CPUInference
internal import NN
internal import Torch

/// ``GroupReader`` for one chunk.
struct PackedReader: Sendable {
    private let shape: PatchShape
    private let kernel: Int
    private let convolution: PackedLinear
    private let projection: PackedLinear
    private let straight: PackedLinear

    init(_ reader: GroupReader) {
        shape = reader.shape
        kernel = reader.convolution.weight.size(2)
        convolution = PackedLinear(reader.convolution)
        projection = PackedLinear(reader.projection)
        straight = PackedLinear(reader.straight)
    }

    /// Adds to `rows` the vectors and the straight latents of a part, `[T · columns]`.
    func read(
        _ values: [Float],
        rows: Range<Int>,
        columns: Int,
        to vectors: inout Rows,
        _ latents: inout Rows
    ) {
        let (width, count) = (shape.columns, rows.count * shape.steps)
        let (padding, steps) = (kernel / 2 * width, values.count / columns)
        // With zeros before and after, every window of the convolution is a run of numbers.
        var padded = [Float](repeating: 0, count: count * width + 2 * padding)
        for step in 0 ..< count {
            let first = min(step, steps - 1) * columns
            for column in 0 ..< columns { padded[padding + step * width + column] = values[first + column] }
        }
        var smooth = Rows(count: count, width: convolution.outputs)
        convolution.addWindows(of: padded, stride: width, to: &smooth)
        smooth.applyGelu()
        let whole = Rows(Array(padded[padding ..< padding + count * width]), width: width)
        var own = vectors[rows]
        projection.add(whole.beside(smooth).regrouped(width: projection.inputs), to: &own)
        vectors.replace(rows, with: own)
        latents.replace(rows, with: straight(whole.regrouped(width: straight.inputs)))
    }
}

/// ``GroupWriter`` for one chunk.
struct PackedWriter: Sendable {
    private let shape: PatchShape
    private let kernel: Int
    private let projection: PackedLinear
    private let convolution: PackedLinear
    private let straight: PackedLinear

    init(_ writer: GroupWriter) {
        shape = writer.shape
        kernel = writer.convolution.weight.size(2)
        projection = PackedLinear(writer.projection)
        convolution = PackedLinear(writer.convolution)
        straight = PackedLinear(writer.straight)
    }

    /// The steps of a part, `[places · steps, columns of a patch]`.
    func steps(_ vectors: Rows, latents: Rows) -> Rows {
        let columns = shape.columns
        let projected = projection(vectors)
        var (direct, hidden) = projected.regrouped(width: projected.width / shape.steps).split(columns)
        hidden.applyGelu()
        straight.add(latents, to: &direct, regrouped: columns)
        let padding = [Float](repeating: 0, count: kernel / 2 * hidden.width)
        convolution.addWindows(of: padding + hidden.values + padding, stride: hidden.width, to: &direct)
        return direct
    }
}
