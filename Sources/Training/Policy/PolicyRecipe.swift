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

    /// The states that the backbone learns to foresee.
    var foresight = Foresight.Configuration()

    /// Where things are, which the backbone learns to tell from its keypoints.
    var environmentState = EnvironmentTask()

    /// Rows and columns that pictures are scaled to, on black where they are not square; 0 leaves them as recorded.
    ///
    /// A robot's pictures are then scaled in the same way.
    public var pictureSize = 0

    /// Changes to pictures and states.
    public var augmentation = Augmentation()

    /// Channels of the backbone.
    public var width = 192

    /// Transformer blocks of backbone and expert.
    public var layerCount = 4

    /// Heads of a block.
    public var headCount = 4

    /// How the policy predicts actions, one of ``PolicyHead``.
    public var head = PolicyHead.blocks.rawValue

    /// The action expert, where the head has one.
    public var expert = ActionExpert.Configuration()

    /// Pixels of the first camera that share a token, along each axis.
    public var pixelsPerToken = 16

    /// Things in every camera's picture to be located exactly, a token each; 0 for none.
    public var keypoints = 0

    /// Pixels of every further camera that share a token, along each axis.
    public var pixelsPerTokenOfOtherCameras = 32

    /// How many of the tokenizer's codebooks are predicted, coarse to fine; all where it has no more.
    public var codebooks = 3

    /// Codes of one forward; 0 takes one codebook at a time.
    public var blockSize = 0

    /// Whether the policy learns to look at a block again, with some of its codes given.
    public var looksAgain = false

    /// Most steps of a chunk that the robot may be committed to while it waits for an answer; 0 for none.
    public var pendingSteps = 0

    /// Euler steps of the head `flow`.
    public var flowSteps = 10

    /// Distances between action tokens.
    public var spacing = Spacing()

    /// How the policy chooses codes once it is trained.
    public var sampling = Sampling.greedy

    /// `auto` multiplies in bfloat16 where the device is faster so; `float32` and `bfloat16` insist.
    public var precision = "auto"

    /// Steps between checkpoints.
    public var checkpointEvery = 200

    /// Steps between measurements on held-out episodes, where there are any.
    public var validateEvery = 200

    /// Held-out examples that a measurement looks at.
    public var validationExamples = 256

    /// The defaults: a compact policy, in minutes on two cores.
    public init() {
        optimizer.learningRate = 6e-4
        optimizer.weightDecay = 0.05
    }
}

/// How a policy predicts actions: FASTerVLA's way, and what it is compared with.
public enum PolicyHead: String, CaseIterable, Sendable {
    /// FASTerVQ's codes, a block a forward, with an action expert.
    case blocks

    /// The same, by the backbone's own weights.
    case blocksWithoutExpert = "blocks-without-expert"

    /// FASTerVQ's codes, one a forward, with an action expert.
    case tokens

    /// FAST's tokens, one a forward, with an action expert.
    case fast

    /// A bin for every scalar, one a forward, with an action expert.
    case binning

    /// Flow matching, with an action expert.
    case flow

    /// L1 regression of a whole chunk, with an action expert.
    case regression

    /// Whether it predicts codes, of whichever tokenizer.
    var predictsCodes: Bool { self != .flow && self != .regression }

    /// Whether it predicts the codes of a FASTerVQ tokenizer.
    public var needsTokenizer: Bool { [.blocks, .blocksWithoutExpert, .tokens].contains(self) }
}
