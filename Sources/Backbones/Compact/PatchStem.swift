public import NN
public import Torch

/// A picture cut into square patches, each turned into one token.
///
/// Patches of 4 x 4 pixels are merged two by two, until a token stands for the wished number of pixels.
/// Only linear layers: on a CPU, convolutions of the same size take most of a training step.
public struct PatchStem: Module {
    /// Side of the first patches, in pixels.
    private static let firstPatch = 4

    /// From raw pixels, then from four neighbours each.
    private let layers: [Linear]

    /// Before each merge.
    private let norms: [LayerNorm]

    /// Creates a stem that gives tokens of `width` channels for `pixelsPerToken` x `pixelsPerToken` pixels.
    public init(width: Int, pixelsPerToken: Int, device: Device) {
        let merges = (pixelsPerToken / Self.firstPatch).trailingZeroBitCount
        precondition(Self.firstPatch << merges == pixelsPerToken, "a token's pixels must be 4, 8, 16 or 32")
        let widths = (0 ... merges).map { $0 == merges ? width : min(width, 64 << $0) }
        var layers = [Linear(Self.firstPatch * Self.firstPatch * 3, widths[0], device: device)]
        for merge in 0 ..< merges {
            layers.append(Linear(4 * widths[merge], widths[merge + 1], device: device))
        }
        self.layers = layers
        norms = (0 ..< merges).map { LayerNorm(4 * widths[$0], device: device) }
    }

    /// `images`, uint8 `[B, height, width, 3]`, as tokens `[B, tokens, width]`, row by row.
    public func callAsFunction(_ images: Tensor) -> Tensor {
        let side = Self.firstPatch
        var (rows, columns) = (images.size(1) / side, images.size(2) / side)
        let patches = images.reshaped(-1, rows, side, columns, side, 3).permuted(0, 1, 3, 2, 4, 5)
        var x = layers[0](
            patches.reshaped(-1, rows * columns, side * side * 3).to(.float32) * (2.0 / 255) - 1.0
        )
        for (layer, norm) in zip(layers.dropFirst(), norms) {
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
