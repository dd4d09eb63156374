public import NN
public import Torch

/// Turns latent vectors into short lists of codes and back.
///
/// Codebook 0 stores the entry nearest to the vector; every further codebook stores the entry nearest to what the
/// ones before left over. Reading only the first codebooks gives a coarse but valid motion.
///
/// Entries follow the vectors that chose them as moving averages; an entry that nothing chooses any more is put
/// where a vector of the present batch is. Source: SoundStream (arXiv 2107.03312), VQ-VAE-2 (arXiv 1906.00446).
public struct ResidualQuantizer: Module {
    /// The size of the quantizer and how its entries move.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Codebooks, coarse to fine.
        public var codebookCount = 3

        /// Entries of a codebook.
        public var codebookSize = 512

        /// Memory of the moving averages.
        public var decay = 0.99

        /// An entry chosen less often than this share of an average entry counts as dead.
        public var deadShare = 0.1

        /// Rounds of k-means that give the first entries.
        public var kMeansRounds = 10

        /// The defaults.
        public init() {}

        /// The setting that makes no sense, with what was expected and what was found; nil where all do.
        public var problem: String? {
            guard 0 ..< 1 ~= decay else {
                return "'quantizer.decay' should be at least 0 and below 1, found \(decay)"
            }
            return 0 ... 1 ~= deadShare
                ? nil : "'quantizer.deadShare' should be from 0 to 1, found \(deadShare)"
        }
    }

    /// Entries, `[codebooks, K, C]`.
    @Buffer public var entries: Tensor

    /// Moving average of how many vectors choose an entry, `[codebooks, K]`.
    @Buffer public var counts: Tensor

    /// Moving average of the sum of the vectors that choose an entry, `[codebooks, K, C]`.
    @Buffer public var sums: Tensor

    /// The size and behaviour.
    public let configuration: Configuration

    /// Creates a quantizer of vectors of `width` channels; its entries are zero until they are initialized from vectors.
    public init(_ configuration: Configuration, width: Int, device: Device = .cpu) {
        let (count, size) = (configuration.codebookCount, configuration.codebookSize)
        self.configuration = configuration
        _entries = Buffer(wrappedValue: .zeros([count, size, width], device: device))
        _counts = Buffer(wrappedValue: .zeros([count, size], device: device))
        _sums = Buffer(wrappedValue: .zeros([count, size, width], device: device))
    }

    /// The codes of `vectors`: `[n, C]` to int64 `[n, codebooks]`, each in `0 ..< K`.
    ///
    /// - Complexity: one product of `[n, C]` with `[C, K]` a codebook.
    public func codes(for vectors: Tensor) -> Tensor {
        withoutGradients {
            var left = vectors
            let codes = (0 ..< configuration.codebookCount).map { codebook in
                let chosen = nearest(to: left, codebook: codebook)
                left = left - entries.select(0, codebook).gathering(chosen, axis: 0)
                return chosen
            }
            return .stacked(codes, axis: 1)
        }
    }

    /// The sum of the entries of `codes`: int64 `[n, codebooks]`, or of the first codebooks only, to `[n, C]`.
    public func vectors(for codes: Tensor) -> Tensor {
        let parts = (0 ..< codes.size(1)).map { codebook in
            entries.select(0, codebook).gathering(codes.select(1, codebook), axis: 0)
        }
        return parts.dropFirst().reduce(parts[0], +)
    }

    /// Entry of a codebook nearest to each of `vectors`, `[n, C]`: int64 `[n]`.
    private func nearest(to vectors: Tensor, codebook: Int) -> Tensor {
        KMeans.nearest(to: vectors, among: entries.select(0, codebook))
    }

    /// Quantizes `vectors` in training, and lets the entries follow them.
    ///
    /// - Parameters:
    ///   - vectors: `[n, C]`.
    ///   - weights: 1 where a vector counts, 0 where it is padding, `[n]`.
    ///   - depths: How many codebooks each vector may use, int64 `[n]`; nil for all.
    /// - Returns: `quantized`, `[n, C]`, through which gradients pass straight through to `vectors`; `commitment`,
    ///   the mean squared distance that pulls `vectors` to the entries of all codebooks.
    public func train(
        _ vectors: Tensor,
        weights: Tensor,
        depths: Tensor? = nil
    ) -> (quantized: Tensor, commitment: Tensor) {
        let fixed = vectors.detached()
        var left = fixed
        var used = fixed.zerosLike()
        withoutGradients {
            for codebook in 0 ..< configuration.codebookCount {
                let chosen = nearest(to: left, codebook: codebook)
                let found = entries.select(0, codebook).gathering(chosen, axis: 0)
                follow(left, chosen: chosen, weights: weights, codebook: codebook)
                left = left - found
                if let depths {
                    used = used + found * depths.greater(Double(codebook)).to(.float32).unsqueezed(1)
                }
            }
        }
        let whole = fixed - left
        let distances = (vectors - whole).squared().mean(1) * weights
        let commitment = distances.sum() / weights.sum().clamped(1 ... .infinity)
        let quantized = depths == nil ? whole : used
        return (vectors + (quantized - vectors).detached(), commitment)
    }

    /// Moves the entries of a codebook towards the vectors that chose them, and revives dead ones.
    private func follow(_ vectors: Tensor, chosen: Tensor, weights: Tensor, codebook: Int) {
        let (count, sum, entry) = (
            counts.select(0, codebook), sums.select(0, codebook), entries.select(0, codebook)
        )
        let share = 1 - configuration.decay
        count.multiplyInPlace(configuration.decay)
        count.indexAddInPlace(axis: 0, chosen, weights * share)
        sum.multiplyInPlace(configuration.decay)
        sum.indexAddInPlace(axis: 0, chosen, vectors * (weights * share).unsqueezed(1))
        revive(vectors, weights: weights, count: count, sum: sum)
        entry.copyInPlace(sum / count.unsqueezed(1).clamped(1e-6 ... .infinity))
    }

    /// Puts dead entries where counted vectors of the batch are, with the weight of an average entry.
    ///
    /// Entry, count and sum move together: an entry whose old sum stayed behind would fall back at the next step.
    private func revive(_ vectors: Tensor, weights: Tensor, count: Tensor, sum: Tensor) {
        let average = count.mean()
        let dead = count.less(average * configuration.deadShare)
        // Drawn on the CPU, whose generator's state is in checkpoints.
        let picks = (weights + 1e-12).to(.cpu).multinomial(configuration.codebookSize).to(vectors.device)
        let fresh = vectors.gathering(picks, axis: 0)
        count.copyInPlace(
            average.expanded([configuration.codebookSize]).selected(where: dead, otherwise: count)
        )
        sum.copyInPlace((fresh * average).selected(where: dead.unsqueezed(1), otherwise: sum))
    }

    /// Gives every codebook its first entries, from what the codebooks before left of `vectors`, `[n, C]`.
    public func initialize(from vectors: Tensor) {
        withoutGradients {
            var left = vectors
            for codebook in 0 ..< configuration.codebookCount {
                learn(codebook, from: left)
                let chosen = nearest(to: left, codebook: codebook)
                left = left - entries.select(0, codebook).gathering(chosen, axis: 0)
            }
        }
    }

    /// Gives a codebook the means of `vectors`, `[n, C]`, that k-means finds.
    private func learn(_ codebook: Int, from vectors: Tensor) {
        let (means, sizes) = KMeans.means(
            of: vectors,
            count: configuration.codebookSize,
            rounds: configuration.kMeansRounds
        )
        entries.select(0, codebook).copyInPlace(means)
        counts.select(0, codebook).copyInPlace(sizes)
        sums.select(0, codebook).copyInPlace(means * sizes.unsqueezed(1))
    }
}
