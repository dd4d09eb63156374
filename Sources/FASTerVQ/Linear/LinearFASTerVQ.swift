public import NN
public import Support
public import Torch
internal import VectorQuantization

/// FASTerVQ with a linear encoder: a chunk is divided into orthogonal subspaces, one for every latent position
/// (``LatentPartition``), each of which has residual codebooks of its own; the decoder is the encoder's transpose.
///
/// Departure from arXiv 2512.04952, whose encoder and decoder are networks over patches. There is nothing to train by gradient, so
/// it is fitted in a minute, and with few episodes it overfits less (Documentation/Decisions/0018). In the terms of product
/// quantization: OPQ (arXiv 1311.4055) with residual stages.
///
/// Actions are normalised. Codes run along the latent positions of the first codebook, then of the next: coarse to fine.
public struct LinearFASTerVQ: Module {
    /// Number of prefixes of codes that encoding keeps.
    ///
    /// More lower the error of all codebooks by little, and raise that of the first ones alone.
    package static let beamWidth = 4

    /// Sizes of a fitted model.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Division of chunks into latent positions.
        public var partition: LatentPartition

        /// Number of components of every latent position.
        public var componentCounts: [Int]

        /// Number of codebooks, coarse to fine.
        public var codebookCount: Int

        /// Number of entries of a codebook.
        public var codebookSize: Int
    }

    /// One latent position: some components, and their codebooks.
    package struct LatentPosition: Module {
        /// Orthonormal rows, `[components, T · D]`.
        @Buffer package var components: Tensor

        /// Codebook entries, `[codebooks, K, components]`.
        @Buffer package var entries: Tensor

        init(components: Tensor, entries: Tensor) {
            _components = Buffer(wrappedValue: components)
            _entries = Buffer(wrappedValue: entries)
        }
    }

    /// Sizes of the model.
    public let configuration: Configuration

    /// Mean chunk, `[T · D]`.
    @Buffer package var mean: Tensor

    /// The latent positions, in the order of their codes.
    package let positions: [LatentPosition]

    /// Creates a model of given sizes whose weights are zero until they are loaded.
    init(_ configuration: Configuration, valueCount: Int, device: Device) {
        self.init(
            mean: .zeros([valueCount], device: device),
            positions: configuration.componentCounts.map { count in
                LatentPosition(
                    components: .zeros([count, valueCount], device: device),
                    entries: .zeros(
                        [configuration.codebookCount, configuration.codebookSize, count],
                        device: device
                    )
                )
            },
            partition: configuration.partition,
            codebookCount: configuration.codebookCount,
            codebookSize: configuration.codebookSize
        )
    }

    /// Joins fitted parts.
    init(
        mean: Tensor,
        positions: [LatentPosition],
        partition: LatentPartition,
        codebookCount: Int,
        codebookSize: Int
    ) {
        configuration = Configuration(
            partition: partition,
            componentCounts: positions.map { $0.components.size(0) },
            codebookCount: codebookCount,
            codebookSize: codebookSize
        )
        _mean = Buffer(wrappedValue: mean)
        self.positions = positions
    }

    /// Number of latent positions: of codes in every codebook.
    public var latentPositionCount: Int { positions.count }

    /// Encodes chunks.
    ///
    /// - Parameter actions: `[B, T, D]`.
    /// - Returns: Codes, int64 `[B, codebooks · N]`.
    public func encode(_ actions: Tensor) -> Tensor {
        let centred = actions.reshaped(actions.size(0), -1) - mean
        let codes = positions.map { position in
            let latents = centred.matmul(position.components.transposed(0, 1))
            return ResidualBeamSearch.codes(
                for: latents,
                entries: position.entries,
                beamWidth: Self.beamWidth
            )
        }
        return Tensor.stacked(codes, axis: 2).reshaped(actions.size(0), -1)
    }

    /// Decodes chunks; not clipped.
    ///
    /// - Parameters:
    ///   - codes: int64 `[B, codebooks · N]`, or those of the first codebooks only, for coarser chunks.
    ///   - horizon: Control steps of a chunk, T.
    /// - Returns: `[B, T, D]`.
    public func decode(_ codes: Tensor, horizon: Int) -> Tensor {
        let grid = codes.reshaped(codes.size(0), -1, latentPositionCount)
        let chunks = positions.indices.map { index in
            ResidualRecursion.vectors(for: grid.select(2, index), entries: positions[index].entries)
                .matmul(positions[index].components)
        }
        return chunks.reduce(mean, +).reshaped(codes.size(0), horizon, -1)
    }

    /// The same model with its first codebooks only; the entries are shared.
    func keeping(codebooks: Int) -> LinearFASTerVQ {
        LinearFASTerVQ(
            mean: mean,
            positions: positions.map { position in
                LatentPosition(
                    components: position.components,
                    entries: position.entries.narrowed(0, from: 0, count: codebooks)
                )
            },
            partition: configuration.partition,
            codebookCount: codebooks,
            codebookSize: configuration.codebookSize
        )
    }
}

extension LinearFASTerVQ.Configuration: Validatable {
    /// Checks every value.
    ///
    /// - Throws: `InvalidValue` for the first one that cannot be worked with.
    public func validate() throws(InvalidValue) {
        try Validation.require(!componentCounts.isEmpty, "componentCounts", "at least one", found: "none")
        for (index, count) in componentCounts.enumerated() {
            try Validation.require(["componentCounts[\(index)]": count], in: 0 ... Validation.largestSize)
        }
        try Validation.require(
            ["codebookCount": codebookCount, "codebookSize": codebookSize],
            in: 1 ... Validation.largestSize
        )
    }
}
