internal import NN
public import Support
public import Torch
public import VectorQuantization

/// VQ-VLA's autoencoder: causal 2-D convolutions encode the chunk, an image of one channel, time by columns, into one latent
/// vector, a residual quantizer encodes the vector, convolutions decode the image.
///
/// Source: VQ-VLA (arXiv 2507.01016).
/// Departure: narrower by default, so that it trains on a CPU (the published widths are 128, 256, 256, 512
/// with four blocks each); the quantizer replaces the variational bottleneck.
public struct VQVLANetwork: ResidualLatent {
    /// The architecture.
    public struct Configuration: Codable, Equatable, Sendable, Validatable {
        /// Number of channels of every scale; each scale halves time and columns.
        public var widths = [32, 64, 128]

        /// Number of residual blocks of a scale.
        public var blockCount = 1

        /// Width of the latent vector.
        public var latentWidth = 128

        /// The residual quantizer.
        public var quantizer = ResidualQuantizer.Configuration()

        /// The defaults.
        public init() {
            quantizer.codebookCount = 4
            quantizer.codebookSize = 256
        }

        /// Checks every setting.
        ///
        /// - Throws: `InvalidValue` for the first one that is out of range.
        public func validate() throws(InvalidValue) {
            try Validation.require("widths", widths, in: 1 ... 4096)
            try Validation.require(
                ["blockCount": blockCount, "latentWidth": latentWidth],
                in: 1 ... Validation.largestSize
            )
            try Validation.require("quantizer", quantizer)
        }
    }

    /// `vq-vla`.
    public static let tokenizerName = "vq-vla"

    /// The architecture of this network.
    public let configuration: Configuration

    private let encoder: [Scale]
    private let toLatent: Linear
    private let fromLatent: Linear
    private let decoder: [Scale]
    private let output: CausalConvolution
    private let sizes: [ImageSize]

    /// The quantizer of the latent vector.
    public let quantizer: ResidualQuantizer

    /// Creates a network, randomly initialised by libtorch's generator.
    public init(_ configuration: Configuration, horizon: Int, dimension: Int, device: Device) {
        let widths = configuration.widths
        func scales(_ pairs: some Sequence<(Int, Int)>, stride: Int) -> [Scale] {
            pairs.map { inputs, outputs in
                Scale(inputs, outputs, stride: stride, blocks: configuration.blockCount, device: device)
            }
        }
        let sizes = widths.reduce(into: [ImageSize(steps: horizon, columns: dimension)]) { sizes, _ in
            sizes.append(sizes[sizes.count - 1].halved)
        }
        let (deepest, smallest) = (widths[widths.count - 1], sizes[sizes.count - 1])
        self.configuration = configuration
        self.sizes = sizes
        encoder = scales(zip([1] + widths, widths), stride: 2)
        toLatent = Linear(deepest * smallest.count, configuration.latentWidth, device: device)
        fromLatent = Linear(configuration.latentWidth, deepest * smallest.count, device: device)
        decoder = scales(zip(widths.reversed(), widths.dropLast().reversed() + [widths[0]]), stride: 1)
        output = CausalConvolution(widths[0], 1, device: device)
        quantizer = ResidualQuantizer(
            configuration.quantizer,
            width: configuration.latentWidth,
            device: device
        )
    }

    /// Latents of normalised chunks: `[B, T, D]` to `[B, C]`.
    public func latents(_ actions: Tensor) -> Tensor {
        let image = encoder.reduce(actions.unsqueezed(1)) { $1($0) }  // [B, channels, small T, small D]
        return toLatent(image.reshaped(actions.size(0), -1))
    }

    /// Normalised chunks of latents: `[B, C]` to `[B, T, D]`.
    public func actions(_ latents: Tensor) -> Tensor {
        let smallest = sizes[sizes.count - 1]
        var image = fromLatent(latents)
            .reshaped(latents.size(0), -1, smallest.steps, smallest.columns)
        for (scale, size) in zip(decoder, sizes.dropLast().reversed()) {
            image = scale(size.enlarged(image))
        }
        return output(image.gelu()).squeezed(1)
    }
}

/// Convolutions of one scale.
private struct Scale: Module {
    private let entry: CausalConvolution
    private let blocks: [ConvolutionBlock]

    init(_ inputs: Int, _ outputs: Int, stride: Int, blocks: Int, device: Device) {
        entry = CausalConvolution(inputs, outputs, stride: stride, device: device)
        self.blocks = (0 ..< blocks).map { _ in ConvolutionBlock(outputs, device: device) }
    }

    func callAsFunction(_ x: Tensor) -> Tensor { blocks.reduce(entry(x)) { $1($0) } }
}

/// Size of a chunk as an image, in pixels.
private struct ImageSize {
    let steps: Int
    let columns: Int

    var count: Int { steps * columns }

    var halved: ImageSize { ImageSize(steps: (steps + 1) / 2, columns: (columns + 1) / 2) }

    /// An image of half this size, every pixel doubled both ways: to `[B, C, steps, columns]`.
    func enlarged(_ image: Tensor) -> Tensor {
        image.repeatedInterleaved(2, axis: 2).repeatedInterleaved(2, axis: 3)
            .narrowed(2, from: 0, count: steps).narrowed(3, from: 0, count: columns)
    }
}
