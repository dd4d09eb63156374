public import Torch

/// Lloyd's algorithm.
public enum KMeans {
    /// Vectors that are compared with all means at once, so that memory stays bounded.
    private static let batchSize = 65_536

    /// Means of clusters of `vectors`, `[n, C]`.
    ///
    /// Begins with vectors drawn by libtorch's generator; empty clusters begin again elsewhere.
    ///
    /// - Parameters:
    ///   - vectors: At least one.
    ///   - count: Clusters.
    ///   - rounds: Times that vectors are dealt out again.
    /// - Returns: `[count, C]`, and how many vectors each has, at least 1, `[count]`.
    public static func means(of vectors: Tensor, count: Int, rounds: Int) -> (means: Tensor, sizes: Tensor) {
        let total = vectors.size(0)
        let noise = vectors.mean(0, keepingAxes: true).abs().mean() * 1e-4 + 1e-6
        func draw() -> Tensor {
            let picks =
                total >= count
                ? Tensor.randperm(total).narrowed(0, from: 0, count: count).to(vectors.device)
                : Tensor.randint(0 ..< total, [count]).to(vectors.device)
            return vectors.gathering(picks, axis: 0)
                + Tensor.randn([count, vectors.size(1)]).to(vectors.device) * noise
        }
        var means = draw()
        var sizes = Tensor.zeros([count], device: vectors.device)
        for _ in 0 ..< rounds {
            let chosen = nearest(to: vectors, among: means)
            sizes = chosen.bincount(minimumLength: count).to(.float32)
            let sums = means.zerosLike()
            sums.indexAddInPlace(axis: 0, chosen, vectors)
            let centres = sums / sizes.unsqueezed(1).clamped(1 ... .infinity)
            means = draw().selected(where: sizes.equal(0).unsqueezed(1), otherwise: centres)
        }
        return (means, sizes.clamped(1 ... .infinity))
    }

    /// Which of `entries`, `[K, C]`, is nearest to each of `vectors`, `[n, C]`: int64 `[n]`.
    ///
    /// A vector's own length does not matter.
    public static func nearest(to vectors: Tensor, among entries: Tensor) -> Tensor {
        let half = entries.squared().sum(1) * 0.5
        let transposed = entries.transposed(0, 1)
        let count = vectors.size(0)
        let parts = stride(from: 0, to: count, by: batchSize).map { first in
            let part = vectors.narrowed(0, from: first, count: min(batchSize, count - first))
            return (half - part.matmul(transposed)).argmin(1)
        }
        return parts.count == 1 ? parts[0] : .concatenated(parts, axis: 0)
    }
}
