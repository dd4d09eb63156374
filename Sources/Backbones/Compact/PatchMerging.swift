internal import NN
internal import Torch

/// Patch merging: neighbouring cells of a map joined 2 x 2 until a token covers the configured pixels (Swin Transformer,
/// arXiv 2103.14030).
struct PatchMerging: Module {
    /// Each from four neighbouring cells.
    private let layers: [Linear]

    /// Before each merge.
    private let norms: [LayerNorm]

    /// Number of channels of the input map, for tokens of `width` channels for `pixelsPerToken` x `pixelsPerToken` pixels.
    static func channels(width: Int, pixelsPerToken: Int) -> Int {
        widths(upTo: width, pixelsPerToken: pixelsPerToken)[0]
    }

    /// Channels before the first merge and after every one.
    private static func widths(upTo width: Int, pixelsPerToken: Int) -> [Int] {
        let merges = (pixelsPerToken / ImageStem.stride).trailingZeroBitCount
        precondition(
            ImageStem.stride << merges == pixelsPerToken,
            "a token's pixels must be 4, 8, 16 or 32"
        )
        return (0 ... merges).map { $0 == merges ? width : min(width, 64 << $0) }
    }

    /// Creates tokens of `width` channels for `pixelsPerToken` x `pixelsPerToken` pixels.
    init(width: Int, pixelsPerToken: Int, device: Device) {
        let widths = Self.widths(upTo: width, pixelsPerToken: pixelsPerToken)
        layers = zip(widths, widths.dropFirst()).map { Linear(4 * $0, $1, device: device) }
        norms = widths.dropLast().map { LayerNorm(4 * $0, device: device) }
    }

    /// Tokens of a map, `[B, tokens, width]`, row by row.
    func callAsFunction(_ map: FeatureMap) -> Tensor {
        var (rows, columns) = (map.rows, map.columns)
        var x = map.cells
        for (layer, norm) in zip(layers, norms) {
            let channels = x.size(2)
            let blocks = x.gelu().reshaped(-1, rows / 2, 2, columns / 2, 2, channels).permuted(
                0,
                1,
                3,
                2,
                4,
                5
            )
            (rows, columns) = (rows / 2, columns / 2)
            x = layer(norm(blocks.reshaped(-1, rows * columns, 4 * channels)))
        }
        return x
    }
}
