public import NN
internal import RobotTypes
internal import Torch

/// The networks before and after the quantizer: convolution along time for local smoothness, a transformer over
/// the grid of places for global structure (paper, TAAE).
///
/// Departure: groups are not padded to one common width; every kind of group has a patch of its own shape.
public struct ActionAutoencoder: Module {
    /// The architecture.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Channels of the transformers.
        public var width = 128

        /// Transformer blocks before the quantizer.
        public var encoderLayers = 2

        /// Transformer blocks after the quantizer.
        public var decoderLayers = 4

        /// Heads of a block.
        public var headCount = 4

        /// Channels of the convolutions along time.
        public var stepWidth = 32

        /// Control steps that a convolution sees; odd.
        public var kernel = 5

        /// First value of the branches' scale.
        public var layerScale = 0.3

        /// Channels of a place's latent vector, in which codebook entries are looked up.
        public var latentWidth = 24

        /// The defaults: 1.4 million parameters.
        public init() {}
    }

    /// First scale of what the networks add to the straight paths.
    static let smallStart = 0.1

    let kinds: MotionKinds
    let readers: [GroupReader]
    let encoderPlaces: [PlaceEmbedding]
    let encoder: [TransformerBlock]
    let encoderNorm: LayerNorm
    let toLatent: Linear
    let fromLatent: Linear
    let decoderPlaces: [PlaceEmbedding]
    let decoder: [TransformerBlock]
    let decoderNorm: LayerNorm
    let writers: [GroupWriter]

    /// Creates the networks for the kinds in `shapes`, with first weights from libtorch's generator.
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
        kinds = MotionKinds(learned: shapes)
        let known = kinds.all.compactMap { shapes[$0.rawValue] }
        readers = known.map { GroupReader($0, configuration, device: device) }
        encoderPlaces = known.map { PlaceEmbedding($0, width: width, device: device) }
        encoder = blocks(configuration.encoderLayers)
        encoderNorm = LayerNorm(width, bias: false, epsilon: 1e-2, device: device)
        toLatent = Linear(width, configuration.latentWidth, gain: Self.smallStart, device: device)
        fromLatent = Linear(configuration.latentWidth, width, device: device)
        decoderPlaces = known.map { PlaceEmbedding($0, width: width, device: device) }
        decoder = blocks(configuration.decoderLayers)
        decoderNorm = LayerNorm(width, bias: false, epsilon: 1e-2, device: device)
        writers = known.map { GroupWriter($0, configuration, device: device) }
    }

    /// Latents of normalised chunks, each robot's `[B, T, D]`, one after the other in `grid`: `[ΣB, N, latentWidth]`.
    ///
    /// The transformer multiplies in `precision`, where that is given; the straight path never does, for half
    /// precision alone would cost a good part of the error that is left in the end.
    func latents(_ actions: [Tensor], grid: PlaceGrid, precision: DType? = nil) -> Tensor {
        let read = zip(actions, grid.patchifiers).map { actions, patchifier in
            let parts = patchifier.learned.map { part in
                let columns = actions.narrowed(2, from: part.columns.lowerBound, count: part.columns.count)
                let kind = kinds.index(of: part)
                let (vectors, straight) = readers[kind](columns, places: part.places)
                return (vectors: vectors + encoderPlaces[kind](part), straight: straight)
            }
            return (
                vectors: Tensor.concatenated(parts.map(\.vectors), axis: 1),
                straight: Tensor.concatenated(parts.map(\.straight), axis: 1)
            )
        }
        let x = transformed(grid.joined(read.map(\.vectors)), by: encoder, mask: grid.mask, precision)
        return toLatent(encoderNorm(x)) + grid.joined(read.map(\.straight))
    }

    /// Chunks of `latents`, `[ΣB, N, latentWidth]`: each robot's `[B, T, D']`, normalised, with the columns that pass
    /// through the network.
    func actions(_ latents: Tensor, grid: PlaceGrid, precision: DType? = nil) -> [Tensor] {
        let embeddings = grid.patchifiers.map { patchifier in
            Tensor.concatenated(patchifier.learned.map { decoderPlaces[kinds.index(of: $0)]($0) }, axis: 0)
        }
        let start = fromLatent(latents) + grid.joined(embeddings)
        let x = transformed(start, by: decoder, mask: grid.mask, precision)
        let (vectors, straight) = (grid.split(decoderNorm(x)), grid.split(latents))
        return grid.patchifiers.indices.map { robot in
            chunks(of: grid.patchifiers[robot], vectors: vectors[robot], latents: straight[robot])
        }
    }

    /// One robot's chunks, `[B, T, D']`.
    private func chunks(of patchifier: ActionPatchifier, vectors: Tensor, latents: Tensor) -> Tensor {
        let parts = patchifier.learned
        let sizes = parts.map(\.places)
        let (vectors, latents) = (vectors.split(sizes: sizes, axis: 1), latents.split(sizes: sizes, axis: 1))
        return .concatenated(
            parts.enumerated().map { number, part in
                writers[kinds.index(of: part)](
                    vectors[number],
                    latents: latents[number],
                    horizon: patchifier.horizon,
                    columns: part.columns.count
                )
            },
            axis: 2
        )
    }

    private func transformed(
        _ x: Tensor,
        by blocks: [TransformerBlock],
        mask: Tensor?,
        _ precision: DType?
    ) -> Tensor {
        withAutocast(to: precision, on: x.device) { blocks.reduce(x) { $1($0, mask: mask) } }
    }
}
