internal import Backbones
internal import NN

/// `ImageSummary` for one observation.
struct PackedImageSummary: Sendable {
    private let norm: PackedShiftedNorm
    private let layers: [PackedLinear]
    private let projection: PackedLinear

    /// Packs the present weights of `summary`.
    init(_ summary: ImageSummary) {
        norm = PackedShiftedNorm(summary.norm)
        layers = summary.layers.map { PackedLinear($0) }
        projection = PackedLinear(summary.projection)
    }

    /// Features, `[1, 512]`, and tokens, `[8, width]`, of the cameras' flattened maps and an instruction embedding, `[1, width]`.
    func callAsFunction(_ maps: [Float], instruction: Rows) -> (features: Rows, tokens: Rows) {
        let inputs = maps + norm(instruction).values
        var x = Rows(inputs, width: inputs.count)
        for layer in layers {
            x = layer(x)
            x.applyGelu()
        }
        return (x, projection(x).regrouped(width: instruction.width))
    }
}
