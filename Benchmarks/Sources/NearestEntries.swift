import Torch
import VectorQuantization

/// The search for nearest codebook entries, most of the time of k-means, beside libtorch's operators.
struct NearestEntries {
    private static let vectorCount = 40_960
    private static let entryCount = 4096
    private static let batchSize = 1024

    private let effort: Effort

    init(_ effort: Effort) { self.effort = effort }

    /// Vectors of a few and of many channels.
    func comparisons() throws -> [Comparison] { try [12, 32].map(comparison) }

    private func comparison(channels: Int) throws -> Comparison {
        Torch.seed(1)
        let vectors = Tensor.randn([Self.vectorCount, channels])
        let entries = Tensor.randn([Self.entryCount, channels])
        let (own, other) = (NearestEntry.search(vectors, among: entries), byOperators(vectors, entries))
        let alike = own.equal(other).to(.float32).mean().item
        return try Comparison(
            "Nearest of \(Self.entryCount) entries of \(channels) channels",
            notes: [
                "\(Self.vectorCount) random vectors; \(alike * 100) % of the indices are the same (others are ties but for "
                    + "rounding). libtorch: half the squared length less the product, then argmin, in batches of "
                    + "\(Self.batchSize) vectors, whose distances the allocator keeps."
            ],
            unit: .rate(of: "vectors"),
            rounds: effort.rounds,
            [
                Contestant("FASTer", items: Self.vectorCount, least: effort.seconds) {
                    _ = NearestEntry.search(vectors, among: entries)
                },
                Contestant("libtorch", items: Self.vectorCount, least: effort.seconds) {
                    _ = byOperators(vectors, entries)
                },
            ]
        ).ratio(0, to: 1)
    }

    private func byOperators(_ vectors: Tensor, _ entries: Tensor) -> Tensor {
        let halfSquares = entries.squared().sum(1) * 0.5
        let transposed = entries.transposed(0, 1)
        let parts = stride(from: 0, to: vectors.size(0), by: Self.batchSize).map { first in
            let part = vectors.narrowed(0, from: first, count: min(Self.batchSize, vectors.size(0) - first))
            return (halfSquares - part.matmul(transposed)).argmin(1)
        }
        return .concatenated(parts, axis: 0)
    }
}
