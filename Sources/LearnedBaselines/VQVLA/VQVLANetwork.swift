internal import NN
public import Torch
public import VectorQuantization

/// VQ-VLA's autoencoder: the chunk is a picture of one channel, time by columns; causal convolutions make it smaller, a
/// residual quantizer makes codes of the one latent vector that is left, convolutions draw the picture again.
///
/// Source: VQ-VLA (arXiv 2507.01016).
/// Departure: narrower unless told otherwise, so that it trains on a CPU (the published widths are 128, 256, 256, 512
/// with four blocks each); the quantizer stands in the place of the variational bottleneck.
public struct VQVLANetwork: ResidualLatent {
    /// The architecture.
    public struct Configuration: ChunkAutoencoderConfiguration {
        /// Channels of every scale; each scale halves time and columns.
        public var widths = [32, 64, 128]

        /// Residual blocks of a scale.
        public var blockCount = 1

        /// Channels of the latent vector.
        public var latentWidth = 128

        /// Codebooks.
        public var quantizer = ResidualQuantizer.Configuration()

        /// The defaults.
        public init() {
            quantizer.codebookCount = 4
            quantizer.codebookSize = 256
        }

        /// Which setting makes no network.
        public var problem: String? {
            Problems.list("widths", widths, in: 1 ... 4096)
                ?? Problems.sizes(["blockCount": blockCount, "latentWidth": latentWidth])
                ?? Problems.quantizer(quantizer)
        }
    }

    /// `vq-vla`.
    public static let tokenizerName = "vq-vla"

    /// What the network was made from.
    public let configuration: Configuration

    private let readers: [Scale]
    private let toLatent: Linear
    private let fromLatent: Linear
    private let writers: [Scale]
    private let output: CausalConvolution
    private let sizes: [PictureSize]

    /// Codebooks.
    public let quantizer: ResidualQuantizer

    /// Creates a network with first weights from libtorch's generator.
    public init(_ configuration: Configuration, horizon: Int, dimension: Int, device: Device) {
        let widths = configuration.widths
        func scales(_ pairs: some Sequence<(Int, Int)>, stride: Int) -> [Scale] {
            pairs.map { inputs, outputs in
                Scale(inputs, outputs, stride: stride, blocks: configuration.blockCount, device: device)
            }
        }
        let sizes = widths.reduce(into: [PictureSize(steps: horizon, columns: dimension)]) { sizes, _ in
            sizes.append(sizes[sizes.count - 1].halved)
        }
        let (deepest, smallest) = (widths[widths.count - 1], sizes[sizes.count - 1])
        self.configuration = configuration
        self.sizes = sizes
        readers = scales(zip([1] + widths, widths), stride: 2)
        toLatent = Linear(deepest * smallest.count, configuration.latentWidth, device: device)
        fromLatent = Linear(configuration.latentWidth, deepest * smallest.count, device: device)
        writers = scales(zip(widths.reversed(), widths.dropLast().reversed() + [widths[0]]), stride: 1)
        output = CausalConvolution(widths[0], 1, device: device)
        quantizer = ResidualQuantizer(
            configuration.quantizer,
            width: configuration.latentWidth,
            device: device
        )
    }

    /// Latents of normalised chunks: `[B, T, D]` to `[B, C]`.
    public func latents(_ actions: Tensor) -> Tensor {
        let picture = readers.reduce(actions.unsqueezed(1)) { $1($0) }  // [B, channels, small T, small D]
        return toLatent(picture.reshaped(actions.size(0), -1))
    }

    /// Normalised chunks of latents: `[B, C]` to `[B, T, D]`.
    public func actions(_ latents: Tensor) -> Tensor {
        let smallest = sizes[sizes.count - 1]
        var picture = fromLatent(latents)
            .reshaped(latents.size(0), -1, smallest.steps, smallest.columns)
        for (writer, size) in zip(writers, sizes.dropLast().reversed()) {
            picture = writer(size.enlarged(picture))
        }
        return output(picture.gelu()).squeezed(1)
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

/// Pixels of a picture of a chunk.
private struct PictureSize {
    let steps: Int
    let columns: Int

    var count: Int { steps * columns }

    var halved: PictureSize { PictureSize(steps: (steps + 1) / 2, columns: (columns + 1) / 2) }

    /// A picture of half this size, every pixel doubled both ways: to `[B, C, steps, columns]`.
    func enlarged(_ picture: Tensor) -> Tensor {
        picture.repeatedInterleaved(2, axis: 2).repeatedInterleaved(2, axis: 3)
            .narrowed(2, from: 0, count: steps).narrowed(3, from: 0, count: columns)
    }
}
