internal import FASTerVQ
internal import NN
internal import Torch

/// `PatchEmbedding` for one chunk.
struct PackedPatchEmbedding: Sendable {
    private let shape: PatchShape
    private let kernel: Int
    private let convolution: PackedLinear
    private let projection: PackedLinear
    private let skip: PackedLinear?

    init(_ embedding: PatchEmbedding) {
        shape = embedding.shape
        kernel = embedding.convolution.weight.size(2)
        convolution = PackedLinear(embedding.convolution)
        projection = PackedLinear(embedding.projection)
        skip = embedding.skip.map { PackedLinear($0) }
    }

    /// Embeds a group, `[T · columns]`: adds its vectors to `rows` of `vectors`, and puts its skip connection there in `latents`.
    func embed(
        _ values: [Float],
        columns: Int,
        rows: Range<Int>,
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
        if let skip { latents.replace(rows, with: skip(whole.regrouped(width: skip.inputs))) }
    }
}

/// `PatchUnembedding` for one chunk.
struct PackedPatchUnembedding: Sendable {
    private let shape: PatchShape
    private let kernel: Int
    private let projection: PackedLinear
    private let convolution: PackedLinear
    private let skip: PackedLinear?

    init(_ unembedding: PatchUnembedding) {
        shape = unembedding.shape
        kernel = unembedding.convolution.weight.size(2)
        projection = PackedLinear(unembedding.projection)
        convolution = PackedLinear(unembedding.convolution)
        skip = unembedding.skip.map { PackedLinear($0) }
    }

    /// The steps of a group, `[P · steps, columns of a patch]`.
    func steps(_ vectors: Rows, latents: Rows) -> Rows {
        let columns = shape.columns
        let projected = projection(vectors)
        var (values, hidden) = projected.regrouped(width: projected.width / shape.steps).split(columns)
        hidden.applyGelu()
        skip?.add(latents, to: &values, regrouped: columns)
        let padding = [Float](repeating: 0, count: kernel / 2 * hidden.width)
        convolution.addWindows(of: padding + hidden.values + padding, stride: hidden.width, to: &values)
        return values
    }
}
