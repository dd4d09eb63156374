public import NN
internal import RobotTypes
internal import Torch

/// The networks before and after the quantizer: convolution along time for local smoothness, a transformer over
/// the grid of places for global structure (paper, TAAE).
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

    private let patchifier: ActionPatchifier
    private let readers: [GroupReader]
    @Parameter private var encoderPlaces: Tensor
    private let encoder: [TransformerBlock]
    private let encoderNorm: LayerNorm
    private let toLatent: Linear
    private let fromLatent: Linear
    @Parameter private var decoderPlaces: Tensor
    private let decoder: [TransformerBlock]
    private let decoderNorm: LayerNorm
    private let writers: [GroupWriter]

    /// Creates the networks with first weights from libtorch's generator.
    init(_ configuration: Configuration, patchifier: ActionPatchifier, device: Device) {
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
        self.patchifier = patchifier
        readers = patchifier.parts.map { GroupReader($0, configuration, device: device) }
        _encoderPlaces = Parameter(
            wrappedValue: Tensor.randn([patchifier.placeCount, width]).to(device) * 0.5
        )
        encoder = blocks(configuration.encoderLayers)
        encoderNorm = LayerNorm(width, bias: false, epsilon: 1e-2, device: device)
        toLatent = Linear(width, configuration.latentWidth, device: device)
        fromLatent = Linear(configuration.latentWidth, width, device: device)
        _decoderPlaces = Parameter(
            wrappedValue: Tensor.randn([patchifier.placeCount, width]).to(device) * 0.5
        )
        decoder = blocks(configuration.decoderLayers)
        decoderNorm = LayerNorm(width, bias: false, epsilon: 1e-2, device: device)
        writers = patchifier.parts.map { GroupWriter($0, configuration, device: device) }
    }

    /// Latents of `actions`: `[B, T, D]`, normalised, to `[B, N, latentWidth]`.
    func latents(_ actions: Tensor) -> Tensor {
        let patches = zip(readers, patchifier.parts).map { reader, part in
            reader(actions.narrowed(2, from: part.columns.lowerBound, count: part.columns.count))
        }
        var x = Tensor.concatenated(patches, axis: 1) + encoderPlaces
        for block in encoder { x = block(x) }
        return toLatent(encoderNorm(x))
    }

    /// Actions of `latents`: `[B, N, latentWidth]` to `[B, T, D]`, normalised.
    func actions(_ latents: Tensor) -> Tensor {
        var x = fromLatent(latents) + decoderPlaces
        for block in decoder { x = block(x) }
        let places = decoderNorm(x).split(sizes: patchifier.parts.map(\.places), axis: 1)
        return .concatenated(zip(writers, places).map { $0($1) }, axis: 2)
    }
}

/// One group's actions, made into vectors of its places.
struct GroupReader: Module {
    private let convolution: Conv1d
    private let projection: Linear
    private let places: Int

    init(_ part: ActionPatchifier.Part, _ configuration: ActionAutoencoder.Configuration, device: Device) {
        convolution = Conv1d(
            part.columns.count,
            configuration.stepWidth,
            kernel: configuration.kernel,
            padding: configuration.kernel / 2,
            device: device
        )
        projection = Linear(
            part.steps * (configuration.stepWidth + part.columns.count),
            configuration.width,
            device: device
        )
        places = part.places
    }

    /// `x`, `[B, T, columns]`, as `[B, places, width]`.
    func callAsFunction(_ x: Tensor) -> Tensor {
        let smooth = convolution(x.transposed(1, 2)).gelu().transposed(1, 2)
        return projection(Tensor.concatenated([x, smooth], axis: 2).reshaped(x.size(0), places, -1))
    }
}

/// Vectors of one group's places, made into its actions.
struct GroupWriter: Module {
    private let projection: Linear
    private let convolution: Conv1d
    private let steps: Int
    private let columns: Int

    init(_ part: ActionPatchifier.Part, _ configuration: ActionAutoencoder.Configuration, device: Device) {
        steps = part.steps * part.places
        columns = part.columns.count
        projection = Linear(
            configuration.width,
            part.steps * (configuration.stepWidth + columns),
            device: device
        )
        convolution = Conv1d(
            configuration.stepWidth,
            columns,
            kernel: configuration.kernel,
            padding: configuration.kernel / 2,
            device: device
        )
    }

    /// `x`, `[B, places, width]`, as `[B, T, columns]`.
    func callAsFunction(_ x: Tensor) -> Tensor {
        let perStep = projection(x).reshaped(x.size(0), steps, -1)
        let direct = perStep.narrowed(2, from: 0, count: columns)
        let hidden = perStep.narrowed(2, from: columns, count: perStep.size(2) - columns)
        return direct + convolution(hidden.transposed(1, 2).contiguous().gelu()).transposed(1, 2)
    }
}
