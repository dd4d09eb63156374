public import Torch

/// The search for the codebook entry nearest to a vector, in Euclidean distance.
public enum NearestEntry {
    /// Vectors compared with all entries at once, so that memory stays bounded.
    private static let batchSize = 65_536

    /// Finds the entry nearest to each vector.
    ///
    /// - Parameters:
    ///   - vectors: `[n, C]`.
    ///   - entries: `[K, C]`.
    /// - Returns: Indices in `0 ..< K`, int64 `[n]`.
    /// - Complexity: One product of `[n, C]` with `[C, K]`: a vector's own length does not matter.
    public static func search(_ vectors: Tensor, among entries: Tensor) -> Tensor {
        let halfSquares = entries.squared().sum(1) * 0.5
        let transposed = entries.transposed(0, 1)
        let count = vectors.size(0)
        guard count > batchSize else { return (halfSquares - vectors.matmul(transposed)).argmin(1) }
        let parts = stride(from: 0, to: count, by: batchSize).map { first in
            let part = vectors.narrowed(0, from: first, count: min(batchSize, count - first))
            return (halfSquares - part.matmul(transposed)).argmin(1)
        }
        return .concatenated(parts, axis: 0)
    }
}
