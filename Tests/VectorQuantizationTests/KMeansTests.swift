import Testing
import Torch
import VectorQuantization

@Suite("K-means")
struct KMeansTests {
    @Test("finds the centres of clusters that lie apart, and their sizes")
    func clusters() {
        Torch.seed(2)
        let centres = Tensor([0, 0, 9, 0, 0, 9] as [Float], shape: [3, 2])
        let vectors = centres.repeatedInterleaved(40, axis: 0) + Tensor.randn([120, 2]) * 0.1
        // More means than clusters, so that every cluster gets one wherever the first samples lie.
        let (means, sizes) = KMeans.means(of: vectors, count: 12, iterations: 20)
        #expect(means.shape == [12, 2] && sizes.shape == [12])
        let chosen = NearestEntry.search(vectors, among: means)
        let error = (vectors - means.gathering(chosen, axis: 0)).abs().max().item
        #expect(error < 0.5)
        #expect(sizes.min().item >= 1)
    }

    @Test("makes means of fewer vectors than it should, all of them finite")
    func few() {
        Torch.seed(3)
        let vectors = Tensor.randn([3, 4])
        let means = KMeans.means(of: vectors, count: 8, iterations: 5).means
        #expect(means.shape == [8, 4])
        #expect(means.isFinite().all().item == 1)
    }

    @Test("moves a mean to the mean of the vectors that are nearest to it")
    func iteration() {
        Torch.seed(4)
        let vectors = Tensor.randn([50, 3])
        let (mean, size) = KMeans.means(of: vectors, count: 1, iterations: 1)
        #expect((mean - vectors.mean(0)).abs().max().item < 1e-5)
        #expect(size.item == 50)
    }
}
