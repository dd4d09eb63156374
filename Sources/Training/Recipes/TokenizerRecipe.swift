public import FASTerVQ
public import LearnedBaselines
internal import NN
public import RobotTypes
public import Support
public import VectorQuantization

/// The settings of a tokenizer's training; the keys of a recipe file.
public struct TokenizerRecipe: Codable, Equatable, Sendable, Validatable {
    /// Tokenizer to train.
    public var kind = TokenizerKind.fasterVQ

    /// Datasets to learn from, in place of those of the command line.
    public var datasets: [DatasetEntry] = []

    /// Duration of a chunk of ``horizon`` steps; other horizons last in proportion.
    public var chunk = ChunkRecipe()

    /// Optimisation settings.
    public var optimization: OptimizationRecipe = {
        var optimization = OptimizationRecipe(
            steps: 6000,
            batchSize: 256,
            warmUpSteps: 100,
            checkpointEvery: 500,
            logEvery: 20
        )
        optimization.optimizer.learningRate = 2e-3
        optimization.optimizer.weightDecay = 0.01
        return optimization
    }()

    /// Validation on held-out episodes, and early stopping by it.
    public var validation = ValidationRecipe()

    /// Control steps of a chunk.
    public var horizon = 16

    /// Further horizons that a model for several robots is trained on; a step has chunks of one length, the longer the
    /// rarer.
    public var moreHorizons: [Int] = []

    /// Steps before the codebooks are initialised by k-means; until then latents pass unquantized.
    public var quantizeAfter = 100

    /// Chunks whose latents k-means is fitted to.
    public var initialChunks = 8192

    /// Weights of the parts of the loss.
    public var loss = TokenizerLossWeights()

    /// FASTerVQ's encoder and decoder.
    public var autoencoder = ActionAutoencoder.Configuration()

    /// FASTerVQ's residual quantizer of latents.
    public var quantizer = FASTerVQConfiguration.defaultQuantizer

    /// FASTerVQ's residual stages in action space.
    public var actionSpaceQuantizer = ActionSpaceQuantizer.Configuration()

    /// Latent positions along time by action group type: of a chunk, or of 16 steps where several robots share a model.
    public var latentPositions: [String: Int] = [:]

    /// Makes grippers bypass FASTerVQ's autoencoder where a robot has other groups, too; action-space stages code them.
    public var bypassesGrippers = true

    /// Fraction of chunks that are quantized by a random number of the first codebooks only (quantizer dropout), so that these
    /// learn to do without the others, which a policy may have no time for.
    public var quantizerDropout = 0.25

    /// Augmentation of FASTerVQ's chunks.
    public var augmentation = ChunkAugmentation.none

    /// VQ-BeT's architecture.
    public var vqBeT = VQBeTNetwork.Configuration()

    /// VQ-VLA's architecture.
    public var vqVLA = VQVLANetwork.Configuration()

    /// OAT's architecture.
    public var oat = OATNetwork.Configuration()

    /// Robots per step, where there are several datasets.
    public var robotsPerStep = 4

    /// Normalisation of actions.
    public var normalization = Normalization.Method.quantiles

    /// Largest number of control steps of a chunk.
    public static let largestHorizon = 4096

    /// The defaults.
    public init() {}

    /// Checks that a training with these settings can begin.
    ///
    /// - Throws: `InvalidValue`.
    public func validate() throws(InvalidValue) {
        try Validation.require("optimization", optimization)
        try Validation.require("validation", validation)
        try Validation.require(["quantizeAfter": quantizeAfter], atLeast: 0)
        try Validation.require(
            ["horizon": horizon, "initialChunks": initialChunks, "robotsPerStep": robotsPerStep],
            atLeast: 1
        )
        try Validation.require(["horizon": horizon], atMost: Self.largestHorizon)
        for (index, horizon) in moreHorizons.enumerated() {
            try Validation.require(["moreHorizons[\(index)]": horizon], atLeast: 1)
            try Validation.require(["moreHorizons[\(index)]": horizon], atMost: Self.largestHorizon)
        }
        try Validation.require("chunk", chunk)
        try Validation.require(["quantizerDropout": quantizerDropout], in: 0 ... 1)
        var network = FASTerVQConfiguration(patches: [:])
        (network.autoencoder, network.quantizer) = (autoencoder, quantizer)
        network.actionSpaceQuantizer = actionSpaceQuantizer
        try network.validate()
        try Validation.require("vqBeT", vqBeT)
        try Validation.require("vqVLA", vqVLA)
        try Validation.require("oat", oat)
        for (type, count) in latentPositions.sorted(by: { $0.key < $1.key }) {
            let types = ActionSpace.Kind.allCases.map(\.rawValue)
            try Validation.require(
                types.contains(type),
                "latentPositions",
                "by action group types, \(types.joined(separator: ", "))",
                found: "'\(type)'"
            )
            try Validation.require(["latentPositions.\(type)": count], atLeast: 1)
            try Validation.require(["latentPositions.\(type)": count], atMost: Validation.largestSize)
        }
    }
}

/// The tokenizers that are trained.
public enum TokenizerKind: String, NamedChoice {
    /// FASTerVQ.
    case fasterVQ = "fastervq"

    /// VQ-BeT's autoencoder, as in MiniVLA: a perceptron over the flattened chunk.
    case vqBeT = "vq-bet"

    /// VQ-VLA's autoencoder: convolutions over the chunk as an image.
    case vqVLA = "vq-vla"

    /// OAT's autoencoder: ordered registers, finite scalar quantization.
    case oat
}
