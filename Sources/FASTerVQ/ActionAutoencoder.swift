public import NN
internal import RobotTypes
public import Support
internal import Torch

/// Encoder and decoder around the quantizer: convolution along time for local smoothness, a transformer over latent
/// positions for global structure (arXiv 2512.04952, TAAE).
public struct ActionAutoencoder: Module {
    /// The architecture.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Channels of the transformers.
        public var width = 128

        /// Number of transformer blocks before the quantizer.
        public var encoderLayers = 2

        /// Number of transformer blocks after the quantizer.
        public var decoderLayers = 4

        /// Number of attention heads.
        public var headCount = 4

        /// Channels of the convolutions along time.
        public var stepWidth = 32

        /// Control steps that a convolution sees; odd.
        public var kernel = 5

        /// Initial layer scale of the transformers' branches.
        public var layerScale = 0.3

        /// Channels of a latent.
        public var latentWidth = 24

        /// Adds linear skip connections around encoder and decoder; the paper has none.
        public var linearSkip = true

        /// The defaults: 1.4 million parameters.
        public init() {}

        /// Gain of the branches beside the skip connections at random initialisation.
        var branchGain: Double { linearSkip ? LinearSkip.branchGain : 1 }
    }

    package let types: ActionGroupTypes
    package let patchEmbeddings: [PatchEmbedding]
    package let encoderPositions: [LatentPositionEmbedding]
    package let encoder: [TransformerBlock]
    package let encoderNorm: LayerNorm
    package let toLatent: Linear
    package let fromLatent: Linear
    package let decoderPositions: [LatentPositionEmbedding]
    package let decoder: [TransformerBlock]
    package let decoderNorm: LayerNorm
    package let patchUnembeddings: [PatchUnembedding]

    /// Creates a randomly initialised autoencoder for the types among `shapes` that do not bypass it.
    init(_ configuration: Configuration, shapes: [String: PatchShape], device: Device) {
        let width = configuration.width
        func blocks(_ count: Int) -> [TransformerBlock] {
            (0 ..< count).map { _ in
                TransformerBlock(
                    width,
                    headCount: configuration.headCount,
                    layerScale: configuration.layerScale,
                    device: device
                )
            }
        }
        types = ActionGroupTypes(autoencoded: shapes)
        let shapes = types.all.compactMap { shapes[$0.rawValue] }
        patchEmbeddings = shapes.map { PatchEmbedding($0, configuration, device: device) }
        encoderPositions = shapes.map { LatentPositionEmbedding($0, width: width, device: device) }
        encoder = blocks(configuration.encoderLayers)
        encoderNorm = LayerNorm(width, bias: false, epsilon: 1e-2, device: device)
        toLatent = Linear(width, configuration.latentWidth, gain: configuration.branchGain, device: device)
        fromLatent = Linear(configuration.latentWidth, width, device: device)
        decoderPositions = shapes.map { LatentPositionEmbedding($0, width: width, device: device) }
        decoder = blocks(configuration.decoderLayers)
        decoderNorm = LayerNorm(width, bias: false, epsilon: 1e-2, device: device)
        patchUnembeddings = shapes.map { PatchUnembedding($0, configuration, device: device) }
    }

    /// Encodes patches.
    ///
    /// - Parameters:
    ///   - patches: Patches of every robot in `batch`, of every group, `[B, P, steps · columns]`.
    ///   - batch: The layout.
    ///   - computeDType: Type of the transformer's products; nil for single precision. The skip connection stays in single
    ///     precision: half precision alone would cost a good part of the error that is left in the end.
    /// - Returns: Latents, `[ΣB, N, latentWidth]`.
    func encode(_ patches: [[Tensor]], in batch: LatentBatch, computeDType: DType? = nil) -> Tensor {
        let embedded = zip(patches, batch.patchifiers).map { patches, patchifier in
            zip(patches, patchifier.groups).map { patches, group in
                let type = types.index(of: group)
                let (vectors, skip) = patchEmbeddings[type](patches)
                return (vectors: vectors + encoderPositions[type](group), skip: skip)
            }
        }
        let vectors = batch.padded(embedded.map { Tensor.concatenated($0.map(\.vectors), axis: 1) })
        let x = transformed(vectors, by: encoder, mask: batch.mask, computeDType)
        let latents = toLatent(encoderNorm(x))
        let skips = embedded.map { $0.compactMap(\.skip) }
        guard skips.allSatisfy({ !$0.isEmpty }) else { return latents }
        return latents + batch.padded(skips.map { .concatenated($0, axis: 1) })
    }

    /// Decodes latents, `[ΣB, N, latentWidth]`, to patches as ``encode(_:in:computeDType:)`` takes them.
    func decode(_ latents: Tensor, in batch: LatentBatch, computeDType: DType? = nil) -> [[Tensor]] {
        let positions = zip(batch.patchifiers, batch.chunkCounts).map { patchifier, count in
            let positions = Tensor.concatenated(
                patchifier.groups.map { decoderPositions[types.index(of: $0)]($0) },
                axis: 0
            )
            return positions.expanded([count] + positions.shape)
        }
        let start = fromLatent(latents) + batch.padded(positions)
        let x = decoderNorm(transformed(start, by: decoder, mask: batch.mask, computeDType))
        return zip(zip(batch.splitByGroup(x), batch.splitByGroup(latents)), batch.patchifiers).map {
            (parts, patchifier) in
            zip(zip(parts.0, parts.1), patchifier.groups).map { part, group in
                patchUnembeddings[types.index(of: group)](part.0, latents: part.1)
            }
        }
    }

    private func transformed(
        _ x: Tensor,
        by blocks: [TransformerBlock],
        mask: Tensor?,
        _ computeDType: DType?
    ) -> Tensor {
        withAutocast(to: computeDType, on: x.device) { blocks.reduce(x) { $1($0, mask: mask) } }
    }
}

extension ActionAutoencoder.Configuration: Validatable {
    /// Checks every value.
    ///
    /// - Throws: `InvalidValue` for the first one that cannot be worked with.
    public func validate() throws(InvalidValue) {
        try Validation.require(
            ["encoderLayers": encoderLayers, "decoderLayers": decoderLayers],
            in: 0 ... Validation.largestSize
        )
        try Validation.require(
            [
                "headCount": headCount, "width": width, "stepWidth": stepWidth, "latentWidth": latentWidth,
                "kernel": kernel,
            ],
            in: 1 ... Validation.largestSize
        )
        try Validation.require(
            ["width": width],
            multipleOf: headCount,
            as: "'autoencoder.headCount' is \(headCount)"
        )
        try Validation.require(kernel % 2 == 1, "kernel", "odd", found: kernel)
    }
}
