/// What a policy answers to one observation.
public struct PolicyAnswer: Equatable, Sendable {
    /// The motion, in the robot's own units.
    public let chunk: ActionChunk

    /// What the stages of the answer took; nothing where the policy has no such stages.
    public let timing: StageTiming?

    /// How far the answer was refined; nothing where the policy knows no coarser one.
    public let codebooks: DecodedCodebooks?

    /// Creates an answer from its parts.
    public init(_ chunk: ActionChunk, timing: StageTiming? = nil, codebooks: DecodedCodebooks? = nil) {
        self.chunk = chunk
        self.timing = timing
        self.codebooks = codebooks
    }
}

/// How much of a coarse-to-fine answer was decoded.
public struct DecodedCodebooks: Equatable, Sendable {
    /// Codebooks whose codes made the motion, coarse to fine.
    public let count: Int

    /// Codebooks of the policy.
    public let total: Int

    /// Creates the report that `count` of `total` codebooks were decoded.
    public init(_ count: Int, of total: Int) {
        self.count = count
        self.total = total
    }
}

/// What the stages of one answer took, one after the other.
public struct StageTiming: Equatable, Sendable {
    /// From images, text and state to keys and values.
    public let prefix: Duration

    /// Of every block, from keys and values to codes, in the order of decoding.
    public let blocks: [Duration]

    /// From codes to actions.
    public let detokenization: Duration

    /// Creates a timing from its parts.
    public init(prefix: Duration, blocks: [Duration], detokenization: Duration) {
        self.prefix = prefix
        self.blocks = blocks
        self.detokenization = detokenization
    }
}
