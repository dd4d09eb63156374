public import NN
public import Support
public import Torch

/// Residual vector quantizer with codebooks that follow the data as exponential moving averages (EMA).
///
/// The first codebooks alone give a coarse but valid vector. An entry that is hardly chosen any more is reset to a vector
/// of the present batch. Sources: SoundStream (arXiv 2107.03312), VQ-VAE (arXiv 1711.00937, appendix A.1).
public struct ResidualQuantizer: Module {
    /// The size of the quantizer and its EMA.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Number of codebooks, coarse to fine.
        public var codebookCount = 3

        /// Number of entries of a codebook.
        public var codebookSize = 512

        /// Decay of the moving averages.
        public var decay = 0.99

        /// Fraction of an average entry's count below which an entry is dead.
        public var deadCodeThreshold = 0.1

        /// Iterations of k-means that initialises the entries.
        public var kMeansIterations = 10

        /// The defaults.
        public init() {}
    }

    /// Codebook entries, `[codebooks, K, C]`.
    @Buffer public var entries: Tensor

    /// Moving average of the number of vectors that choose an entry, `[codebooks, K]`.
    @Buffer public var counts: Tensor

    /// Moving average of the sum of the vectors that choose an entry, `[codebooks, K, C]`.
    @Buffer public var sums: Tensor

    /// The size and the EMA.
    public let configuration: Configuration

    /// Residuals and codes of every codebook, until those of a whole batch are there.
    private let gathered: [(residuals: JointRows, codes: JointRows)]

    /// Creates a quantizer of vectors of `width` channels; its entries are zero until ``initialize(from:)``.
    public init(_ configuration: Configuration, width: Int, device: Device = .cpu) {
        let (count, size) = (configuration.codebookCount, configuration.codebookSize)
        self.configuration = configuration
        gathered = (0 ..< count).map { _ in (JointRows(), JointRows()) }
        _entries = Buffer(wrappedValue: .zeros([count, size, width], device: device))
        _counts = Buffer(wrappedValue: .zeros([count, size], device: device))
        _sums = Buffer(wrappedValue: .zeros([count, size, width], device: device))
    }

    /// Codes of vectors.
    ///
    /// - Parameter vectors: `[n, C]`.
    /// - Returns: Indices in `0 ..< K`, int64 `[n, codebooks]`.
    public func codes(for vectors: Tensor) -> Tensor {
        withoutGradients { ResidualRecursion(over: vectors, entries: entries).codes() }
    }

    /// Sums of the entries of codes.
    ///
    /// - Parameter codes: int64 `[n, codebooks]`, or those of the first codebooks only.
    /// - Returns: `[n, C]`.
    public func vectors(for codes: Tensor) -> Tensor {
        ResidualRecursion.vectors(for: codes, entries: entries)
    }

    /// Quantizes vectors in training, and updates the entries.
    ///
    /// The shares of a batch are all quantized by the entries that the batch began with. With the last share, entries follow the
    /// vectors of all.
    ///
    /// - Parameters:
    ///   - vectors: `[n, C]`.
    ///   - weights: 1 where a vector counts, 0 where it is padding, `[n]`; of a share, those of the whole batch.
    ///   - activeQuantizers: Number of codebooks that each vector may use (quantizer dropout), int64 `[n]`; nil for all.
    ///   - share: The vectors' rows among those of the batch; nil for a whole one.
    /// - Returns: `quantized`, `[n, C]`, with the straight-through estimator's gradients to `vectors`; `commitment`, the mean
    ///   squared distance from `vectors` to the sum of the entries of all codebooks; its mean over shares is that of the batch.
    public func train(
        _ vectors: Tensor,
        weights: Tensor,
        activeQuantizers: Tensor? = nil,
        share: RowShare? = nil
    ) -> (quantized: Tensor, commitment: Tensor) {
        let fixed = vectors.detached()
        var active = fixed.zerosLike()
        let whole = withoutGradients {
            var recursion = ResidualRecursion(over: fixed, entries: entries)
            while let step = recursion.next() {
                let rows = gathered[step.codebook]
                let (residuals, codes) = (
                    rows.residuals.add(step.residual, share), rows.codes.add(step.codes, share)
                )
                if let residuals, let codes {
                    updateEMA(step.codebook, residuals, codes, weights: weights)
                }
                if let activeQuantizers {
                    let isActive = activeQuantizers.greater(Double(step.codebook)).to(.float32)
                    active = active + step.entries * isActive.unsqueezed(1)
                }
            }
            return fixed - recursion.residual
        }
        let distances = (vectors - whole).squared().mean(1) * weights.rows(of: share)
        let count = weights.sum().clamped(1 ... .infinity) / Double(share?.batch.count ?? 1)
        let commitment = distances.sum() / count
        let quantized = activeQuantizers == nil ? whole : active
        return (vectors + (quantized - vectors).detached(), commitment)
    }

    /// Initialises the entries by k-means, codebook after codebook.
    ///
    /// - Parameter vectors: `[n, C]`.
    public func initialize(from vectors: Tensor) {
        withoutGradients {
            var recursion = ResidualRecursion(over: vectors, entries: entries)
            while let codebook = recursion.nextCodebook {
                let (means, sizes) = KMeans.means(
                    of: recursion.residual,
                    count: configuration.codebookSize,
                    iterations: configuration.kMeansIterations
                )
                entries.select(0, codebook).copyInPlace(means)
                counts.select(0, codebook).copyInPlace(sizes)
                sums.select(0, codebook).copyInPlace(means * sizes.unsqueezed(1))
                _ = recursion.next()
            }
        }
    }

    /// Moves the entries of a codebook towards the residuals, `[n, C]`, that chose them by `codes`, int64 `[n]`.
    private func updateEMA(_ codebook: Int, _ residuals: Tensor, _ codes: Tensor, weights: Tensor) {
        let (count, sum) = (counts.select(0, codebook), sums.select(0, codebook))
        let momentum = 1 - configuration.decay
        count.multiplyInPlace(configuration.decay)
        count.indexAddInPlace(axis: 0, codes, weights * momentum)
        sum.multiplyInPlace(configuration.decay)
        sum.indexAddInPlace(axis: 0, codes, residuals * (weights * momentum).unsqueezed(1))
        resetDeadCodes(to: residuals, weights: weights, count: count, sum: sum)
        let centres = sum / count.unsqueezed(1).clamped(1e-6 ... .infinity)
        entries.select(0, codebook).copyInPlace(centres)
    }

    /// Resets dead entries to counted residuals of the batch, with the count of an average entry.
    ///
    /// Entry, count and sum move together: with its old sum, an entry would fall back at the next step.
    private func resetDeadCodes(to residuals: Tensor, weights: Tensor, count: Tensor, sum: Tensor) {
        let average = count.mean()
        let isDead = count.less(average * configuration.deadCodeThreshold)
        let picks = Tensor.picks(configuration.codebookSize, weights: weights + 1e-12)
        let fresh = residuals.gathering(picks, axis: 0)
        count.copyInPlace(
            average.expanded([configuration.codebookSize]).selected(where: isDead, otherwise: count)
        )
        sum.copyInPlace((fresh * average).selected(where: isDead.unsqueezed(1), otherwise: sum))
    }
}

extension ResidualQuantizer.Configuration: Validatable {
    /// Checks every value.
    ///
    /// - Throws: `InvalidValue` for the first one that cannot be worked with.
    public func validate() throws(InvalidValue) {
        try Validation.require(
            [
                "codebookCount": codebookCount, "codebookSize": codebookSize,
                "kMeansIterations": kMeansIterations,
            ],
            in: 1 ... Validation.largestSize
        )
        try Validation.require(["decay": decay], in: 0 ..< 1)
        try Validation.require(["deadCodeThreshold": deadCodeThreshold], in: 0 ... 1)
    }
}
