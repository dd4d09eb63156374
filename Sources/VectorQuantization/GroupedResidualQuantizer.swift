public import NN
public import Torch

/// A residual quantizer for each group of vectors.
///
/// Entries of one group say nothing about another, so groups share none. (`GroupedResidualVQ` of vector-quantize-pytorch
/// splits channels; here the vectors themselves belong to groups.)
public struct GroupedResidualQuantizer: Module {
    /// The quantizers, one a group.
    public let quantizers: [ResidualQuantizer]

    /// Number of codebooks of each group.
    public let codebookCount: Int

    /// Creates quantizers of vectors of `width` channels for `groupCount` groups.
    public init(
        _ configuration: ResidualQuantizer.Configuration,
        groupCount: Int,
        width: Int,
        device: Device = .cpu
    ) {
        codebookCount = configuration.codebookCount
        quantizers = (0 ..< groupCount).map { _ in
            ResidualQuantizer(configuration, width: width, device: device)
        }
    }

    /// Codes of vectors.
    ///
    /// - Parameter vectors: `[n, C]` of every group; nil where it has none.
    /// - Returns: int64 `[n, codebooks]` of every group.
    public func codes(for vectors: [Tensor?]) -> [Tensor?] {
        zip(quantizers, vectors).map { quantizer, vectors in vectors.map(quantizer.codes) }
    }

    /// Sums of the entries of codes.
    ///
    /// - Parameter codes: int64 `[n, codebooks]` of every group, or those of the first codebooks only; nil where it has none.
    /// - Returns: `[n, C]` of every group.
    public func vectors(for codes: [Tensor?]) -> [Tensor?] {
        zip(quantizers, codes).map { quantizer, codes in codes.map(quantizer.vectors) }
    }

    /// Quantizes vectors in training, and updates the entries.
    ///
    /// - Parameters:
    ///   - vectors: `[n, C]` of every group; nil where it has none.
    ///   - weights: 1 where a vector counts, 0 where it is padding, `[n]` of every group; of a share, those of the whole batch.
    ///   - activeQuantizers: Number of codebooks that each vector may use, int64 `[n]` of every group; nil for all.
    ///   - shares: Rows of every group among those of the batch, all of whose shares have the same groups; nil for a whole one.
    /// - Returns: As ``ResidualQuantizer/train(_:weights:activeQuantizers:share:)``, `commitment` as a mean over all
    ///   vectors that count.
    public func train(
        _ vectors: [Tensor?],
        weights: [Tensor?],
        activeQuantizers: [Tensor?]? = nil,
        shares: [RowShare]? = nil
    ) -> (quantized: [Tensor?], commitment: Tensor) {
        var quantized = [Tensor?](repeating: nil, count: quantizers.count)
        var parts: [(distance: Tensor, count: Tensor)] = []
        for (group, quantizer) in quantizers.enumerated() {
            guard let vectors = vectors[group], let weights = weights[group] else { continue }
            let result = quantizer.train(
                vectors,
                weights: weights,
                activeQuantizers: activeQuantizers?[group],
                share: shares?[group]
            )
            let count = weights.sum()
            quantized[group] = result.quantized
            parts.append((result.commitment * count, count))
        }
        guard let first = parts.first else { return (quantized, .zeros([])) }
        let (distance, count) = parts.dropFirst().reduce(first) { ($0.0 + $1.0, $0.1 + $1.1) }
        return (quantized, distance / count.clamped(1 ... .infinity))
    }

    /// Initialises the entries of every group that has vectors, `[n, C]`.
    public func initialize(from vectors: [Tensor?]) {
        for (quantizer, vectors) in zip(quantizers, vectors) {
            if let vectors { quantizer.initialize(from: vectors) }
        }
    }
}
