public import Torch

/// Lloyd's algorithm.
public enum KMeans {
    /// Means of clusters.
    ///
    /// Starts from vectors sampled by libtorch's generator; an empty cluster starts again from another one.
    ///
    /// - Parameters:
    ///   - vectors: `[n, C]`, at least one.
    ///   - count: Number of clusters.
    ///   - iterations: Number of assignments of all vectors to clusters.
    ///   - share: This process's share of every assignment, within `withProcesses`; nil for all.
    /// - Returns: Means, `[count, C]`, and the number of vectors of each cluster, at least 1, `[count]`.
    public static func means(
        of vectors: Tensor,
        count: Int,
        iterations: Int,
        share: BatchShare? = nil
    ) -> (means: Tensor, sizes: Tensor) {
        let total = vectors.size(0)
        let noise = vectors.mean(0, keepingAxes: true).abs().mean() * 1e-4 + 1e-6
        func sample() -> Tensor {
            let picks =
                total >= count
                ? Tensor.randperm(total).narrowed(0, from: 0, count: count).to(vectors.device)
                : Tensor.randint(0 ..< total, [count]).to(vectors.device)
            return vectors.gathering(picks, axis: 0)
                + Tensor.randn([count, vectors.size(1)]).to(vectors.device) * noise
        }
        var means = sample()
        var sizes = Tensor.zeros([count], device: vectors.device)
        for _ in 0 ..< iterations {
            let chosen = NearestEntry.search(vectors, among: means, share: share)
            sizes = Tensor.zeros([count], device: vectors.device)
            sizes.indexAddInPlace(axis: 0, chosen, .ones([total], device: vectors.device))
            let sums = means.zerosLike()
            sums.indexAddInPlace(axis: 0, chosen, vectors)
            let centres = sums / sizes.unsqueezed(1).clamped(1 ... .infinity)
            means = sample().selected(where: sizes.equal(0).unsqueezed(1), otherwise: centres)
        }
        return (means, sizes.clamped(1 ... .infinity))
    }
}
