internal import NN
public import Torch
internal import VectorQuantization

/// OAT's autoencoder: ordered registers read the chunk in a transformer, each becomes one code of a finite scalar
/// quantizer, and a transformer that looks only back writes the chunk.
///
/// Training hides all registers after the first one, two, four or eight of random chunks, so the first codes carry the
/// most, and every beginning of a list of codes decodes.
/// Source: Ordered Action Tokenization (OAT); FSQ (arXiv 2309.15505); the idea of hiding ordered suffixes is nested dropout
/// (arXiv 1402.0915).
/// Departure: half as wide unless told otherwise, so that it trains on a CPU.
public struct OATNetwork: ChunkAutoencoder {
    /// The architecture.
    public struct Configuration: ChunkAutoencoderConfiguration {
        /// Registers, and so codes of a chunk.
        public var registerCount = 8

        /// Levels of every channel that a register is reduced to.
        public var levels = [8, 5, 5, 5]

        /// Channels of the transformers.
        public var width = 128

        /// Heads of a block.
        public var headCount = 4

        /// Blocks before the quantizer.
        public var encoderLayers = 2

        /// Blocks after it.
        public var decoderLayers = 4

        /// The defaults.
        public init() {}

        /// Which setting makes no network.
        public var problem: String? {
            Problems.sizes([
                "registerCount": registerCount, "encoderLayers": encoderLayers,
                "decoderLayers": decoderLayers,
            ]) ?? Problems.list("levels", levels, in: 2 ... 64) ?? Problems.heads(headCount, of: width)
                ?? (levels.count > 6 ? "'levels' should hold at most 6 numbers, found \(levels.count)" : nil)
                ?? Problems.alphabet("levels", FiniteScalarQuantizer(levels: levels).codebookSize)
        }
    }

    /// `oat`.
    public static let tokenizerName = "oat"

    /// What the network was made from.
    public let configuration: Configuration

    private let reader: RegisterEncoder
    private let writer: RegisterDecoder
    private let quantizer: FiniteScalarQuantizer

    /// Creates a network with first weights from libtorch's generator.
    public init(_ configuration: Configuration, horizon: Int, dimension: Int, device: Device) {
        self.configuration = configuration
        reader = RegisterEncoder(configuration, horizon: horizon, dimension: dimension, device: device)
        writer = RegisterDecoder(configuration, horizon: horizon, dimension: dimension, device: device)
        quantizer = FiniteScalarQuantizer(levels: configuration.levels)
    }

    /// A code a register, or only the first ones'.
    public var tokenCounts: ClosedRange<Int> { 1 ... configuration.registerCount }

    /// One alphabet, which all registers share.
    public var codebookSizes: [Int] { [quantizer.codebookSize] }

    /// Codes of normalised chunks: `[B, T, D]` to int64 `[B, registers]`.
    public func codes(for actions: Tensor) -> Tensor { quantizer.codes(for: reader(actions)) }

    /// Normalised chunks of the first codes: int64 `[B, 1 to all registers]` to `[B, T, D]`.
    public func actions(for codes: Tensor) -> Tensor {
        let missing = configuration.registerCount - codes.size(1)
        let kept = Tensor.full([codes.size(0)], Double(codes.size(1)), device: codes.device)
        let vectors = quantizer.vectors(for: codes)
        return writer(missing > 0 ? vectors.padded([0, 0, 0, missing]) : vectors, kept: kept)
    }

    /// Normalised chunks as training sees them come back, of as many registers as chance leaves.
    ///
    /// There is no codebook that latents could be far from, so they are always quantized.
    public func reconstruction(of actions: Tensor, quantizing: Bool) -> (actions: Tensor, commitment: Tensor)
    {
        let vectors = quantizer.quantized(reader(actions))
        return (
            writer(vectors, kept: keptRegisters(actions.size(0), actions.device)),
            .zeros([], device: actions.device)
        )
    }

    /// How many registers each of `count` chunks keeps: a power of two, or all, each as likely. `[B]`
    private func keptRegisters(_ count: Int, _ device: Device) -> Tensor {
        let all = configuration.registerCount
        let powers = sequence(first: 1) { $0 * 2 }.prefix { $0 < all }.map(Float.init) + [Float(all)]
        let draws = Tensor.randint(0 ..< powers.count, [count]).to(device)
        return Tensor(powers, device: device).gathering(draws, axis: 0)
    }

    /// The squared error.
    public func penalty(_ errors: Tensor) -> Tensor { errors.squared() }

    /// Does nothing: the codebook is a grid.
    public func initializeCodebooks(from actions: Tensor) {}
}
