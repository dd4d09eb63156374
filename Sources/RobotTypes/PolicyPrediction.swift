/// A policy's prediction for an observation.
public struct PolicyPrediction: Equatable, Sendable {
    /// The action chunk, in the robot's own units.
    public let chunk: ActionChunk

    /// Times of the stages; nil where the policy has no such stages.
    public let timing: StageTiming?

    /// Number of decoded codebooks; nil where the policy decodes none coarse to fine.
    public let codebooks: DecodedCodebooks?

    /// Number of tokens that the chunk was decoded from; nil where the policy predicts none.
    public let tokens: Int?

    /// Time that the observation waited for earlier ones; nil where the policy does not measure it.
    public let waitingTime: Duration?

    /// Creates a prediction from its parts.
    public init(
        _ chunk: ActionChunk,
        timing: StageTiming? = nil,
        codebooks: DecodedCodebooks? = nil,
        tokens: Int? = nil,
        waitingTime: Duration? = nil
    ) {
        self.chunk = chunk
        self.timing = timing
        self.codebooks = codebooks
        self.tokens = tokens
        self.waitingTime = waitingTime
    }
}

/// The codebooks of a prediction that is decoded coarse to fine.
public struct DecodedCodebooks: Equatable, Sendable {
    /// Number of codebooks that were decoded, coarse to fine.
    public let count: Int

    /// Number of codebooks of the policy.
    public let total: Int

    /// Creates the report that `count` of `total` codebooks were decoded.
    public init(_ count: Int, of total: Int) {
        self.count = count
        self.total = total
    }
}

/// Times of a prediction's stages, one after the other.
public struct StageTiming: Equatable, Sendable {
    /// Time from images, text and state to keys and values.
    public let prefix: Duration

    /// Time of every block, from keys and values to codes, in the order of decoding.
    public let blocks: [Duration]

    /// Time from codes to actions.
    public let detokenization: Duration

    /// Creates a timing from its parts.
    public init(prefix: Duration, blocks: [Duration], detokenization: Duration) {
        self.prefix = prefix
        self.blocks = blocks
        self.detokenization = detokenization
    }
}
