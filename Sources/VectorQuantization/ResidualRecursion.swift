public import Torch

// Axes in this target
//   n  vectors      C  channels      K  codebook entries

/// Residual vector quantization, a codebook a step: r₁ = x, qᵢ = the entry of codebook i nearest to rᵢ, rᵢ₊₁ = rᵢ - qᵢ.
///
/// Training, encoding, initialisation and action-space stages all run this recursion.
/// Source: SoundStream (arXiv 2107.03312), residual vector quantizer.
public struct ResidualRecursion: Sequence, IteratorProtocol {
    /// One codebook's part in the recursion.
    public struct Step {
        /// Index of the codebook.
        public let codebook: Int
        /// rᵢ, `[n, C]`.
        public let residual: Tensor
        /// Indices of the nearest entries, int64 `[n]`.
        public let codes: Tensor
        /// qᵢ, `[n, C]`.
        public let entries: Tensor
    }

    /// Range that residuals are kept in, each `[n, C]`.
    public typealias Bounds = (lower: Tensor, upper: Tensor)

    /// Vectors less the entries of the codebooks so far, `[n, C]`.
    public private(set) var residual: Tensor

    /// Index of the next codebook; nil after the last one.
    public var nextCodebook: Int? { codebook < count ? codebook : nil }

    private let entries: Tensor
    private let bounds: Bounds?
    private let share: BatchShare?
    private let count: Int
    private var codebook = 0

    /// Begins the recursion.
    ///
    /// - Parameters:
    ///   - vectors: `[n, C]`.
    ///   - entries: `[codebooks, K, C]`; a codebook may still change until its step.
    ///   - bounds: Range that residuals are clipped to after every step; nil for none.
    ///   - share: This process's share of the searches, within `withProcesses`; nil for all.
    public init(over vectors: Tensor, entries: Tensor, within bounds: Bounds? = nil, share: BatchShare? = nil)
    {
        (residual, self.entries, self.bounds, self.share) = (vectors, entries, bounds, share)
        count = entries.size(0)
    }

    /// Takes the next codebook's step; nil after the last one.
    public mutating func next() -> Step? {
        guard let codebook = nextCodebook else { return nil }
        let table = entries.select(0, codebook)
        let codes = NearestEntry.search(residual, among: table, share: share)
        let step = Step(
            codebook: codebook,
            residual: residual,
            codes: codes,
            entries: table.gathering(codes, axis: 0)
        )
        residual = residual - step.entries
        if let bounds { residual = residual.clamped(from: bounds.lower, to: bounds.upper) }
        self.codebook += 1
        return step
    }
}

extension ResidualRecursion {
    /// Codes of all codebooks.
    ///
    /// - Returns: int64 `[n, codebooks]`.
    public consuming func codes() -> Tensor {
        let codes = map(\.codes)
        return codes.isEmpty
            ? .zeros([residual.size(0), 0], dtype: .int64, device: residual.device) : .stacked(codes, axis: 1)
    }

    /// Sums of the entries of codes.
    ///
    /// - Parameters:
    ///   - codes: int64 `[n, codebooks]`, or those of the first codebooks only.
    ///   - entries: `[codebooks, K, C]`.
    /// - Returns: `[n, C]`.
    public static func vectors(for codes: Tensor, entries: Tensor) -> Tensor {
        let parts = (0 ..< codes.size(1)).map { codebook in
            entries.select(0, codebook).gathering(codes.select(1, codebook), axis: 0)
        }
        return parts.dropFirst().reduce(parts[0], +)
    }
}
