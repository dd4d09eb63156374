internal import NN
public import Support
public import Torch
public import VectorQuantization

/// VQ-BeT's autoencoder: an MLP encodes the flattened chunk into one latent vector, a residual quantizer encodes the vector, an
/// MLP decodes the chunk.
///
/// Source: VQ-BeT (arXiv 2403.03181); the defaults are the sizes that MiniVLA took for chunks of a single arm.
public struct VQBeTNetwork: ResidualLatent {
    /// The architecture.
    public struct Configuration: Codable, Equatable, Sendable, Validatable {
        /// Width of the hidden layers.
        public var width = 512

        /// Number of hidden layers of the encoder, and of the decoder.
        public var layerCount = 2

        /// Width of the latent vector.
        public var latentWidth = 512

        /// The residual quantizer.
        public var quantizer = ResidualQuantizer.Configuration()

        /// The defaults.
        public init() {
            quantizer.codebookCount = 7
            quantizer.codebookSize = 256
        }

        /// Checks every setting.
        ///
        /// - Throws: `InvalidValue` for the first one that is out of range.
        public func validate() throws(InvalidValue) {
            try Validation.require(
                ["width": width, "layerCount": layerCount, "latentWidth": latentWidth],
                in: 1 ... Validation.largestSize
            )
            try Validation.require("quantizer", quantizer)
        }
    }

    /// `vq-bet`.
    public static let tokenizerName = "vq-bet"

    /// The architecture of this network.
    public let configuration: Configuration

    private let encoder: [Linear]
    private let decoder: [Linear]
    private let horizon: Int

    /// The quantizer of the latent vector.
    public let quantizer: ResidualQuantizer

    /// Creates a network, randomly initialised by libtorch's generator.
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
