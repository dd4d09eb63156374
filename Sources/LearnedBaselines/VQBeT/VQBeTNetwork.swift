internal import NN
public import Torch
public import VectorQuantization

/// VQ-BeT's autoencoder: a perceptron reads the flattened chunk, a residual quantizer makes codes of its one latent
/// vector, a perceptron writes the chunk.
///
/// Source: VQ-BeT (arXiv 2403.03181); the defaults are the sizes that MiniVLA took for chunks of a single arm.
public struct VQBeTNetwork: ResidualLatent {
    /// The architecture.
    public struct Configuration: ChunkAutoencoderConfiguration {
        /// Channels of the hidden layers.
        public var width = 512

        /// Hidden layers before the latent vector, and after it.
        public var layerCount = 2

        /// Channels of the latent vector.
        public var latentWidth = 512

        /// Codebooks.
        public var quantizer = ResidualQuantizer.Configuration()

        /// The defaults.
        public init() {
            quantizer.codebookCount = 7
            quantizer.codebookSize = 256
        }

        /// Which setting makes no network.
        public var problem: String? {
            Problems.sizes(["width": width, "layerCount": layerCount, "latentWidth": latentWidth])
                ?? Problems.quantizer(quantizer)
        }
    }

    /// `vq-bet`.
    public static let tokenizerName = "vq-bet"

    /// What the network was made from.
    public let configuration: Configuration

    private let encoder: [Linear]
    private let decoder: [Linear]
    private let horizon: Int

    /// Codebooks.
    public let quantizer: ResidualQuantizer

    /// Creates a network with first weights from libtorch's generator.
    public init(_ configuration: Configuration, horizon: Int, dimension: Int, device: Device) {
        let hidden = Array(repeating: configuration.width, count: configuration.layerCount)
        let (values, latent) = (horizon * dimension, configuration.latentWidth)
        func perceptron(_ widths: [Int]) -> [Linear] {
            zip(widths, widths.dropFirst()).map { Linear($0, $1, gain: 2.0.squareRoot(), device: device) }
        }
        self.configuration = configuration
        self.horizon = horizon
        encoder = perceptron([values] + hidden + [latent])
        decoder = perceptron([latent] + hidden + [values])
        quantizer = ResidualQuantizer(configuration.quantizer, width: latent, device: device)
    }

    /// Latents of normalised chunks: `[B, T, D]` to `[B, C]`.
    public func latents(_ actions: Tensor) -> Tensor {
        Self.applied(encoder, to: actions.reshaped(actions.size(0), -1))
    }

    /// Normalised chunks of latents: `[B, C]` to `[B, T, D]`.
    public func actions(_ latents: Tensor) -> Tensor {
        Self.applied(decoder, to: latents).reshaped(latents.size(0), horizon, -1)
    }

    private static func applied(_ layers: [Linear], to x: Tensor) -> Tensor {
        layers.enumerated().reduce(x) { $1.element($1.offset > 0 ? $0.relu() : $0) }
    }
}
