public import ActionTokenizers
public import Torch

// Axes in this file
//   B  batch      N  latent positions      K  codebook entries      C  coordinates of a codeword

/// Soft labels of codes: a target is spread over the entries of its codebook, the more the nearer they are to its own.
///
/// Addition to arXiv 2512.04952, whose targets are one-hot. Of a codebook of thousands of entries, a training sees each a few
/// times; with soft labels, entries that stand for nearly the same actions learn from each other's examples
/// (Documentation/Decisions/0025). Label smoothing (arXiv 1512.00567) spreads a target evenly instead.
public struct SoftLabels: Sendable {
    /// Entries that a codebook has at least for its labels to be soft: fewer are learnt one by one.
    public static let smallestCodebook = 1024

    /// Entries whose nearest others the scale is measured on, of every codebook.
    private static let sampleCount = 256

    /// Codewords, `[codebooks, N, K, C]`.
    private let codewords: Tensor

    /// Squared distance over which a label falls by the factor e, `[codebooks, N, 1, 1]`.
    private let scales: Tensor

    /// Prepares labels.
    ///
    /// - Parameters:
    ///   - codewords: Codewords of the targets.
    ///   - temperature: Squared distance over which a label falls by the factor e, in mean squared distances of an entry of the same
    ///     codebook to its nearest other; above 0.
    ///   - device: Device of the targets.
    public init(_ codewords: Codewords, temperature: Double, device: Device) {
        let (codebooks, positions) = (codewords.codebookCount, codewords.latentPositionCount)
        let (size, width) = (codewords.codebookSize, codewords.width)
        let tables = Tensor(
            codewords.values,
            shape: [codebooks * positions, size, width],
            device: device
        )
        let count = min(size, Self.sampleCount)
        let sample = Tensor((0 ..< count).map { $0 * size / count }, device: device)
        let distances = Self.squaredDistances(from: tables.gathering(sample, axis: 1), to: tables)
        // The nearest entry is the entry itself.
        let nearest = (distances * -1).topK(min(2, size)).values.narrowed(2, from: min(1, size - 1), count: 1)
        self.codewords = tables.reshaped(codebooks, positions, size, width)
        scales = (nearest.mean(1, 2) * -temperature).clamped(1e-9 ... .infinity)
            .reshaped(codebooks, positions, 1, 1)
    }

    /// Cross-entropy of soft labels.
    ///
    /// - Parameters:
    ///   - scores: Logits, `[B, N, classes]`, of the K entries and perhaps `<EoBlk>`.
    ///   - codes: Targets, int64 `[B, N]`; those below 0 do not count.
    ///   - codebook: Codebook of the targets.
    ///   - count: The number that the sum is divided by; nil for that of the codes that count.
    /// - Returns: The mean over the codes that count, a scalar.
    func crossEntropy(_ scores: Tensor, _ codes: Tensor, codebook: Int, count: Tensor? = nil) -> Tensor {
        let labels = withoutGradients { self.labels(of: codes, codebook: codebook) }
        let logProbabilities = scores.logSoftmax(2).narrowed(2, from: 0, count: labels.size(2))
        let counted = codes.greaterOrEqual(0).to(.float32)
        let losses = (labels * logProbabilities).sum(2) * counted
        return losses.sum() / (count ?? counted.sum()).clamped(1e-6 ... .infinity) * -1
    }

    /// Labels of targets, int64 `[B, N]`: probabilities `[B, N, K]`.
    func labels(of codes: Tensor, codebook: Int) -> Tensor {
        let table = codewords.select(0, codebook)
        let (batch, positions, size) = (codes.size(0), table.size(0), table.size(1))
        let starts = Tensor((0 ..< positions).map { $0 * size }, device: codes.device)
        let rows = (codes.clampedToEntries(size) + starts).reshaped(-1)
        let targets = table.reshaped(positions * size, -1).gathering(rows, axis: 0)
            .reshaped(batch, positions, -1).transposed(0, 1)
        let distances = Self.squaredDistances(from: targets, to: table)
        return (distances / scales.select(0, codebook) * -1).softmax(2).transposed(0, 1)
    }

    /// Squared distances, `[n, rows, K]`, of vectors `[n, rows, C]` to `[n, K, C]`.
    private static func squaredDistances(from vectors: Tensor, to others: Tensor) -> Tensor {
        let products = vectors.matmul(others.transposed(1, 2))
        let squares = vectors.squared().sum(2, keepingAxes: true) + others.squared().sum(2).unsqueezed(1)
        return (squares - products * 2).clamped(0 ... .infinity)
    }
}
