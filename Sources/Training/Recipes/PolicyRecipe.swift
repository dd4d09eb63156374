public import FASTerVLA
internal import NN
public import Support

/// The settings of a policy's training; the keys of a recipe file.
public struct PolicyRecipe: Codable, Equatable, Sendable, Validatable {
    /// Optimisation settings.
    public var optimization: OptimizationRecipe = {
        var optimization = OptimizationRecipe(
            steps: 1200,
            batchSize: 64,
            warmUpSteps: 60,
            checkpointEvery: 200,
            logEvery: 10
        )
        optimization.optimizer.learningRate = 6e-4
        optimization.optimizer.weightDecay = 0.05
        optimization.emaDecay = 0.998
        optimization.computeDType = .auto
        return optimization
    }()

    /// Datasets to learn from, in place of those of the command line.
    public var datasets: [DatasetEntry] = []

    /// Duration of a chunk.
    public var chunk = ChunkRecipe()

    /// Temperature of soft labels, which spread a target over the entries of its codebook by their distance, in mean squared
    /// distances of nearest entries; 0 for one-hot targets, which policies of several robots and of codebooks below 1024 entries
    /// always learn.
    public var softLabels = 1.0

    /// Logits and embeddings of codes as functions of their codewords, for one robot and codebooks of at least 1024 entries.
    public var codewordGeometry = true

    /// Weight of a one-hot target that is spread evenly over all entries of its codebook.
    public var labelSmoothing = 0.0

    /// Weight of each codebook's cross-entropy, coarse to fine, up to a common factor; equal where empty.
    public var codebookWeights: [Double] = []

    /// Weight of the cross-entropy of `<EoBlk>`, which closes the codes; decoding stops there by itself, so it is small.
    public var endOfBlockWeight = 0.01

    /// Cameras that the policy sees, by their whole names or the last part; all of the dataset's where empty.
    public var cameras: [String] = []

    /// The vision-language backbone.
    public var backbone = BackboneRecipe()

    /// Auxiliary loss of the backbone: object poses, from a simulator or a motion-capture system, predicted from images.
    var objectPose = ObjectPoseRecipe()

    /// Augmentation of images and states.
    public var augmentation = Augmentation()

    /// Action head.
    public var head = PolicyHead.blocks

    /// Action expert, where the head has one.
    public var expert = ActionExpert.Configuration()

    /// Number of the tokenizer's codebooks that are predicted, coarse to fine; all where it has no more.
    public var codebooks = 3

    /// Codes per forward pass; 0 takes one codebook at a time.
    public var blockSize = 0

    /// Early end of chunks that their first codebooks reconstruct well enough.
    public var earlyEnd = EarlyEndRecipe()

    /// Trains mask-predict re-decoding (arXiv 1904.09324): blocks with some of their codes revealed.
    public var supportsMaskPredict = false

    /// Longest committed action prefix to train with, in control steps (arXiv 2512.05964); 0 for none.
    public var committedSteps = 0

    /// Euler steps of the head `flow`.
    public var flowSteps = 10

    /// Position gaps between action tokens.
    public var positionGaps = PositionGaps()

    /// Sampling of codes by the trained policy.
    public var sampling = Sampling.greedy

    /// Steps between validations on held-out episodes, where there are any.
    public var validateEvery = 200

    /// Held-out examples per validation.
    public var validationExamples = 256

    /// The defaults: a compact policy, in minutes on two cores.
    public init() {}

    /// Checks that a training with these settings can begin.
    ///
    /// - Throws: `InvalidValue`.
    public func validate() throws(InvalidValue) {
        try Validation.require("optimization", optimization)
        try Validation.require(["blockSize": blockSize, "committedSteps": committedSteps], atLeast: 0)
        try Validation.require(
            [
                "codebooks": codebooks, "flowSteps": flowSteps, "validateEvery": validateEvery,
                "validationExamples": validationExamples, "expert.width": expert.width,
            ],
            atLeast: 1
        )
        try Validation.require(
            [
                "blockSize": blockSize, "committedSteps": committedSteps, "codebooks": codebooks,
                "flowSteps": flowSteps, "expert.width": expert.width,
            ],
            atMost: Validation.largestSize
        )
        try Validation.require("augmentation", augmentation)
        try Validation.require("backbone", backbone)
        try Validation.require("chunk", chunk)
        try Validation.require(
            committedSteps == 0 || chunk.seconds == 0,
            "committedSteps",
            "0 where 'chunk.seconds' is set, as they are steps of the robot",
            found: committedSteps
        )
        try Validation.require(["labelSmoothing": labelSmoothing], in: 0 ..< 1)
        try Validation.require(["softLabels": softLabels, "endOfBlockWeight": endOfBlockWeight], atLeast: 0)
        try Validation.require(
            codebookWeights.allSatisfy { $0 >= 0 && $0.isFinite } && codebookWeights.first != 0,
            "codebookWeights",
            "a list of numbers from 0 on, the first above 0",
            found: codebookWeights
        )
        try validateObjectPose()
        try validateHead()
    }

    private func validateObjectPose() throws(InvalidValue) {
        try Validation.require("objectPose", objectPose)
        try Validation.require(
            objectPose.weight == 0 || backbone.pretrained.isEmpty && backbone.training == .full,
            "objectPose.weight",
            "0 unless a compact backbone is trained, which has a head for object poses",
            found: objectPose.weight
        )
        try Validation.require(
            objectPose.weight == 0 || backbone.imageEncoder != .blind,
            "backbone.imageEncoder",
            "one that sees where 'objectPose.weight' is above 0",
            found: backbone.imageEncoder.rawValue
        )
        try Validation.require(
            objectPose.weight == 0 || backbone.imageTokens == .summary || backbone.keypoints > 0,
            "backbone.keypoints",
            "above 0 where 'objectPose.weight' is, as poses are estimated from keypoints",
            found: backbone.keypoints
        )
    }

    private func validateHead() throws(InvalidValue) {
        try Validation.require(
            !backbone.isInsulated || head.hasExpert && head.predictsCodes,
            "backbone.isInsulated",
            "false unless the head has an expert that predicts codes",
            found: backbone.isInsulated
        )
        for (key, isAsked) in [
            ("supportsMaskPredict", supportsMaskPredict), ("committedSteps", committedSteps > 0),
        ] {
            try Validation.require(
                head.predictsCodes || !isAsked,
                "head",
                "a head that predicts codes where '\(key)' is set",
                found: head.rawValue
            )
        }
        try Validation.require(
            !supportsMaskPredict || (head == .blocks || head == .blocksWithoutExpert) && blockSize != 1,
            "supportsMaskPredict",
            "false where blocks are single codes",
            found: supportsMaskPredict
        )
        try Validation.require("earlyEnd", earlyEnd)
        try Validation.require(
            earlyEnd.tolerance == 0 || (head == .blocks || head == .blocksWithoutExpert) && blockSize == 0,
            "earlyEnd.tolerance",
            "0 unless blocks are whole codebooks, as of the heads 'blocks' and 'blocks-without-expert' with a 'blockSize' of 0",
            found: earlyEnd.tolerance
        )
        try Validation.require(
            head != .flow || expert.width % 2 == 0,
            "expert.width",
            "even with the head 'flow'",
            found: expert.width
        )
        try Validation.require("positionGaps", positionGaps)
        try Validation.require("sampling", sampling)
    }
}

/// Early end of chunks; the keys under `earlyEnd` of a policy's recipe.
public struct EarlyEndRecipe: Codable, Equatable, Sendable, Validatable {
    /// Largest absolute error, in normalised units, that codebooks may leave for a chunk to end with them; 0 decodes all codebooks.
    public var tolerance = 0.0

    /// Weight of the end's cross-entropy beside the codes'.
    public var weight = 1.0

    /// Whole grids.
    public init() {}

    /// Checks that both are numbers from 0 on.
    ///
    /// - Throws: `InvalidValue`.
    public func validate() throws(InvalidValue) {
        try Validation.require(["tolerance": tolerance, "weight": weight], atLeast: 0)
    }
}

/// Action head of a policy: FASTerVLA's, and those that it is compared with.
public enum PolicyHead: String, NamedChoice {
    /// FASTerVQ's codes, a block per forward pass, with an action expert.
    case blocks

    /// The same by the backbone's own weights.
    case blocksWithoutExpert = "blocks-without-expert"

    /// FASTerVQ's codes, one per forward pass, with an action expert.
    case tokens

    /// FAST's tokens, one per forward pass, with an action expert.
    case fast

    /// A bin for every scalar, one per forward pass, with an action expert.
    case binning

    /// Flow matching, with an action expert.
    case flow

    /// L1 regression of a whole chunk, with an action expert.
    case regression

    /// Returns true if the head is an action expert's.
    var hasExpert: Bool { self != .blocksWithoutExpert }

    /// Returns true if the head predicts codes of some tokenizer.
    var predictsCodes: Bool { self != .flow && self != .regression }

    /// Returns true if the head predicts codes of a FASTerVQ tokenizer.
    public var needsTokenizer: Bool { [.blocks, .blocksWithoutExpert, .tokens].contains(self) }
}
