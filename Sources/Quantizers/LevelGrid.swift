internal import Foundation
internal import Torch

/// Entries that nobody learns: all combinations of evenly spaced levels, as many of every channel.
///
/// Source: Finite Scalar Quantization (arXiv 2309.15505).
/// Departure: no hyperbolic tangent bounds the channels; the levels span what the vectors do at first, and the
/// commitment keeps them there.
enum LevelGrid {
    /// Levels of a channel, where `size` entries of `width` channels are a grid; else nil.
    static func levels(size: Int, width: Int) -> Int? {
        let levels = pow(Double(size), 1 / Double(width)).rounded()
        return levels > 1 && pow(levels, Double(width)) == Double(size) ? Int(levels) : nil
    }

    /// `count` entries, `[count, C]`, over the range of `vectors`, `[n, C]`: two standard deviations around their mean.
    static func entries(spanning vectors: Tensor, count: Int) -> Tensor {
        let width = vectors.size(1)
        guard let levels = levels(size: count, width: width) else {
            preconditionFailure("\(count) entries of \(width) channels are no grid")
        }
        let grid = FiniteScalarQuantizer(levels: Array(repeating: levels, count: width))
            .vectors(for: .arange(0 ..< count)).to(vectors.device)
        let mean = vectors.mean(0)
        let deviation = (vectors - mean).squared().mean(0).sqrt()
        return mean + grid * deviation * 2
    }
}
