package import NN
internal import Torch

/// Patch merging: neighbouring cells of a map joined 2 x 2 until a token covers the configured cells (Swin Transformer,
/// arXiv 2103.14030).
package struct PatchMerging: Module {
    /// Each from four neighbouring cells.
    package let layers: [Linear]

    /// Before each merge.
    package let norms: [LayerNorm]

    /// False for a map whose values are features already.
    package let activatesMap: Bool

    /// Creates tokens of `width` channels for `cellsPerToken` x `cellsPerToken` cells of `channels`, which have to be as many as
    /// `width` for a single cell.
    init(width: Int, cellsPerToken: Int, channels: Int, activatesMap: Bool = true, device: Device) {
        let merges = cellsPerToken.trailingZeroBitCount
        precondition(1 << merges == cellsPerToken, "cells are joined 2 x 2")
        precondition(merges > 0 || channels == width, "a single cell has the channels of a token")
        // Channels before the first merge and after every one.
        let widths = (0 ... merges).map { merge in
            merge == merges ? width : merge == 0 ? channels : min(width, channels << merge)
        }
        layers = zip(widths, widths.dropFirst()).map { Linear(4 * $0, $1, device: device) }
        norms = widths.dropLast().map { LayerNorm(4 * $0, device: device) }
        self.activatesMap = activatesMap
    }

    /// Tokens of a map, `[B, tokens, width]`, row by row.
    func callAsFunction(_ map: FeatureMap) -> Tensor {
        var (rows, columns) = (map.rows, map.columns)
        var x = map.cells
        for (merge, (layer, norm)) in zip(layers, norms).enumerated() {
            let channels = x.size(2)
            let active = merge > 0 || activatesMap ? x.gelu() : x
            let blocks = active.reshaped(-1, rows / 2, 2, columns / 2, 2, channels).permuted(0, 1, 3, 2, 4, 5)
            (rows, columns) = (rows / 2, columns / 2)
            x = layer(norm(blocks.reshaped(-1, rows * columns, 4 * channels)))
        }
        return x
    }
}
