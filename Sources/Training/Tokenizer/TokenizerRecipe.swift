public import FASTerVQ
public import LearnedBaselines
public import NN
public import Quantizers

/// How a tokenizer is trained; the keys of a recipe file.
public struct TokenizerRecipe: Codable, Equatable, Sendable {
    /// Which tokenizer: `fastervq`, `vq-bet`, `vq-vla` or `oat`.
    public var kind = TokenizerKind.fasterVQ.rawValue

    /// Steps of the training.
    public var steps = 6000

    /// Chunks of a step.
    public var batchSize = 256

    /// Control steps of a chunk.
    public var horizon = 16

    /// Further numbers of control steps that a model for several robots learns to cut chunks of; a step has chunks of one
    /// length, the longer the rarer.
    public var moreHorizons: [Int] = []

    /// Peak learning rate, weight decay and memory.
    public var optimizer = AdamW.Configuration()

    /// Steps until the peak learning rate.
    public var warmUpSteps = 100

    /// Steps before the codebooks get their first entries; until then latents pass unquantized.
    public var quantizeAfter = 100

    /// Chunks whose latents the first entries are taken from.
    public var initialChunks = 8192

    /// Longest joint gradient.
    public var gradientClip = 1.0

    /// Shares of the parts of the loss.
    public var loss = TokenizerLossWeights()

    /// FASTerVQ's encoder and decoder.
    public var autoencoder = ActionAutoencoder.Configuration()

    /// The codebooks of FASTerVQ's network.
    public var quantizer = FASTerVQConfiguration.standardQuantizer

    /// FASTerVQ's codebooks after those.
    public var refinement = RefinementCodebooks.Configuration()

    /// Wished places along time by a kind of group: of a chunk, or of 16 steps where several robots share a model.
    public var places: [String: Int] = [:]

    /// Share of chunks that may use the first codebooks only, so that these learn to do without the others.
    public var quantizerDropout = 0.25

    /// VQ-BeT's architecture.
    public var vqBeT = VQBeTNetwork.Configuration()

    /// VQ-VLA's architecture.
    public var vqVLA = VQVLANetwork.Configuration()

    /// OAT's architecture.
    public var oat = OATNetwork.Configuration()

    /// Robots that share a step, where there are several datasets.
    public var robotsPerStep = 4

    /// How actions are normalised: `quantiles`, `mean_std` or `identity`.
    public var normalization = "quantiles"

    /// `auto` multiplies in bfloat16 where the device is faster so; `float32` and `bfloat16` insist.
    public var precision = "float32"

    /// Steps between checkpoints.
    public var checkpointEvery = 500

    /// The defaults.
    public init() {
        optimizer.learningRate = 2e-3
        optimizer.weightDecay = 0.01
    }
}
