public import FASTerVLA
public import NN

/// How a policy is trained; the keys of a recipe file.
public struct PolicyRecipe: Codable, Equatable, Sendable {
    /// Steps of the training.
    public var steps = 1200

    /// Examples of a step.
    public var batchSize = 64

    /// Peak learning rate, weight decay and memory.
    public var optimizer = AdamW.Configuration()

    /// Steps until the peak learning rate.
    public var warmUpSteps = 60

    /// Longest joint gradient.
    public var gradientClip = 1.0

    /// Share of a target spread over all entries of a codebook.
    public var labelSmoothing = 0.0

    /// Share of each codebook's loss in the whole, coarse to fine, up to a factor; all alike where empty.
    public var codebookWeights: [Double] = []

    /// Share of the averaged weights that a step keeps; 0 gives the policy the last weights, not their average.
    public var averageDecay = 0.998

    /// Names of the cameras that the policy sees, whole or the last part; all of the dataset's where empty.
    public var cameras: [String] = []

    /// Changes to pictures.
    public var augmentation = ImageAugmentation()

    /// Channels of the backbone.
    public var width = 192

    /// Transformer blocks of backbone and expert.
    public var layerCount = 4

    /// Heads of a block.
    public var headCount = 4

    /// The action expert.
    public var expert = ActionExpert.Configuration()

    /// Pixels of the first camera that share a token, along each axis.
    public var pixelsPerToken = 16

    /// Pixels of every further camera that share a token, along each axis.
    public var pixelsPerTokenOfOtherCameras = 32

    /// How many of the tokenizer's codebooks are predicted, coarse to fine; all where it has no more.
    public var codebooks = 3

    /// Codes of one forward; 0 takes one codebook at a time.
    public var blockSize = 0

    /// Distances between action tokens.
    public var spacing = Spacing()

    /// How the policy chooses codes once it is trained.
    public var sampling = Sampling.greedy

    /// `auto` multiplies in bfloat16 where the device is faster so; `float32` and `bfloat16` insist.
    public var precision = "auto"

    /// Steps between checkpoints.
    public var checkpointEvery = 200

    /// The defaults: a compact policy, in minutes on two cores.
    public init() {
        optimizer.learningRate = 6e-4
        optimizer.weightDecay = 0.05
    }
}
