public import Torch

/// Residual codes by beam search: of all prefixes of codes, those nearest to the vector are kept from codebook to codebook.
///
/// The nearest entry of one codebook need not lead to the nearest sum.
/// Source: multi-path encoding, improved residual vector quantization (arXiv 1509.05195).
public enum ResidualBeamSearch {
    /// Distances that are held at once: few enough for the allocator to use the same memory again.
    private static let distances = 1 << 22

    /// Codes of vectors.
    ///
    /// - Parameters:
    ///   - vectors: `[n, C]`.
    ///   - entries: `[codebooks, K, C]`.
    ///   - beamWidth: Number of prefixes that are kept.
    /// - Returns: int64 `[n, codebooks]`.
    public static func codes(for vectors: Tensor, entries: Tensor, beamWidth: Int) -> Tensor {
        let (count, rows) = (vectors.size(0), max(1, distances / (beamWidth * entries.size(1))))
        let parts = stride(from: 0, to: count, by: rows).map { first in
            search(
                vectors.narrowed(0, from: first, count: min(rows, count - first)),
                entries,
                beamWidth
            )
        }
        return parts.count == 1
            ? parts[0]
            : parts.isEmpty
                ? .zeros([0, entries.size(0)], dtype: .int64, device: vectors.device)
                : .concatenated(parts, axis: 0)
    }

    private static func search(_ vectors: Tensor, _ entries: Tensor, _ beamWidth: Int) -> Tensor {
        let (count, width, size) = (vectors.size(0), vectors.size(1), entries.size(1))
        // Residuals, [n, beam, C], and codes, [n, beam, codebooks so far], of the prefixes.
        var residuals = vectors.unsqueezed(1)
        var codes = Tensor.zeros([count, 1, 0], dtype: .int64, device: vectors.device)
        for codebook in 0 ..< entries.size(0) {
            let (table, beam) = (entries.select(0, codebook), residuals.size(1))
            let starts = Tensor(
                (0 ..< count).map { $0 * beam },
                shape: [count, 1],
                device: vectors.device
            )
            // Half the squared distance, negated: the largest is the nearest.
            let scores =
                residuals.matmul(table.transposed(0, 1)) - table.squared().sum(1) * 0.5
                - residuals.squared().sum(2, keepingAxes: true) * 0.5
            let chosen = scores.reshaped(count, -1).topK(min(beamWidth, beam * size)).indices
            let kept = chosen.size(1)
            let (prefixes, next) = chosen.quotientAndRemainder(dividingBy: size)
            let rows = (starts + prefixes).reshaped(-1)
            residuals =
                (residuals.reshaped(count * beam, width).gathering(rows, axis: 0)
                - table.gathering(next.reshaped(-1), axis: 0)).reshaped(count, kept, width)
            codes = .concatenated(
                [
                    codes.reshaped(count * beam, codebook).gathering(rows, axis: 0)
                        .reshaped(count, kept, codebook),
                    next.unsqueezed(2),
                ],
                axis: 2
            )
        }
        // The largest comes first.
        return codes.select(1, 0)
    }
}
