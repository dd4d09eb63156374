public import ActionTokenizers
internal import NN
public import Support
public import Torch
internal import VectorQuantization

/// OAT's autoencoder: a transformer encodes the chunk into ordered register tokens, finite scalar quantization makes one code of
/// each, and a causal transformer decodes the chunk.
///
/// Nested dropout masks all registers after the first one, two, four or eight of random chunks in training, so the first codes
/// carry the most, and every prefix of a code sequence decodes.
/// Source: Ordered Action Tokenization (OAT); FSQ (arXiv 2309.15505); nested dropout (arXiv
/// 1402.0915).
/// Departure: half as wide by default, so that it trains on a CPU.
public struct OATNetwork: ChunkAutoencoder {
    /// The architecture.
    public struct Configuration: Codable, Equatable, Sendable, Validatable {
        /// Number of registers, and so of codes of a chunk.
        public var registerCount = 8

        /// Number of levels of every quantized channel of a register.
        public var levels = [8, 5, 5, 5]

        /// Width of the transformers.
        public var width = 128

        /// Number of attention heads of a block.
        public var headCount = 4

        /// Number of encoder blocks.
        public var encoderLayers = 2

        /// Number of decoder blocks.
        public var decoderLayers = 4

        /// The defaults.
        public init() {}

        /// Checks every setting.
        ///
        /// - Throws: `InvalidValue` for the first one that is out of range.
        public func validate() throws(InvalidValue) {
            try Validation.require(
                [
                    "registerCount": registerCount, "encoderLayers": encoderLayers,
                    "decoderLayers": decoderLayers, "headCount": headCount, "width": width,
                ],
                in: 1 ... Validation.largestSize
            )
            try Validation.require(
                ["width": width],
                multipleOf: headCount,
                as: "'headCount' is \(headCount)"
            )
            try Validation.require("levels", levels, in: 2 ... 64)
            try Validation.require(
                levels.count <= 6 && codebookSize <= 1 << 20,
                "levels",
                "a list of at most 6 numbers whose product is at most \(1 << 20)",
                found: levels
            )
        }

        private var codebookSize: Int { FiniteScalarQuantizer(levels: levels).codebookSize }
    }

    /// `oat`.
    public static let tokenizerName = "oat"

    /// The architecture of this network.
    public let configuration: Configuration

    private let encoder: RegisterEncoder
    private let decoder: RegisterDecoder
    private let quantizer: FiniteScalarQuantizer

    /// Creates a network, randomly initialised by libtorch's generator.
    public init(_ configuration: Configuration, horizon: Int, dimension: Int, device: Device) {
        self.configuration = configuration
        encoder = RegisterEncoder(configuration, horizon: horizon, dimension: dimension, device: device)
        decoder = RegisterDecoder(configuration, horizon: horizon, dimension: dimension, device: device)
        quantizer = FiniteScalarQuantizer(levels: configuration.levels)
    }

    /// One codebook, which all registers share; a latent position for every register.
    public var layout: TokenLayout {
        .grid(
            codebookSizes: [quantizer.codebookSize],
            latentPositionCount: configuration.registerCount
        )
    }

    /// Any number of leading registers.
    public var decodableCounts: ClosedRange<Int> { 1 ... configuration.registerCount }

    /// Codes of normalised chunks: `[B, T, D]` to int64 `[B, registers]`.
    public func codes(for actions: Tensor) -> Tensor { quantizer.codes(for: encoder(actions)) }

    /// Normalised chunks of the first codes: int64 `[B, 1 to all registers]` to `[B, T, D]`.
    public func actions(for codes: Tensor) -> Tensor {
        let missing = configuration.registerCount - codes.size(1)
        let kept = Tensor.full([codes.size(0)], Double(codes.size(1)), device: codes.device)
        let vectors = quantizer.vectors(for: codes)
        return decoder(missing > 0 ? vectors.padded([0, 0, 0, missing]) : vectors, kept: kept)
    }

    /// Forward pass in training, with nested dropout of the registers.
    ///
    /// The codebook is a fixed grid: latents are always quantized, and there is no commitment loss.
    public func reconstruction(of actions: Tensor, quantizing: Bool, share: RowShare?) -> (
        actions: Tensor, commitment: Tensor
    ) {
        let vectors = quantizer.quantized(encoder(actions))
        let random = Torch.randomState
        let kept = keptRegisters(share?.count ?? actions.size(0), actions.device).rows(of: share)
        // All shares draw the numbers of the whole batch.
        if share?.batch.isLast == false { Torch.randomState = random }
        return (decoder(vectors, kept: kept), .zeros([], device: actions.device))
    }

    /// Number of registers that each of `count` chunks keeps, `[count]`: a power of two, or all, each as likely.
    private func keptRegisters(_ count: Int, _ device: Device) -> Tensor {
        let all = configuration.registerCount
        let powers = sequence(first: 1) { $0 * 2 }.prefix { $0 < all }.map(Float.init) + [Float(all)]
        let indices = Tensor.randint(0 ..< powers.count, [count]).to(device)
        return Tensor(powers, device: device).gathering(indices, axis: 0)
    }

    /// The squared error.
    public func penalty(_ errors: Tensor) -> Tensor { errors.squared() }

    /// Does nothing: the codebook is a grid.
    public func initializeCodebooks(from actions: Tensor) {}
}
