internal import Support

/// Decoding of a policy, as far as it is not left to its folder.
public struct DecodingSettings: Equatable, Sendable {
    /// Tokens per forward, 1 to decode token by token; nil for the policy's own.
    public var blockSize: Int?

    /// Number of codebooks to decode, coarse to fine; nil for all.
    public var codebooks: Int?

    /// Number of blocks to re-decode, coarse ones first (``MaskPredict``); nil for none.
    public var maskPredictBlocks: Int?

    /// Probability of `<EoBlk>` above which a chunk ends (``EarlyEnd``), 1 to decode all codebooks; nil for a half.
    public var endThreshold: Double?

    /// ``Sampling/sampleCount``; nil as in ``sampling(over:)``.
    public var sampleCount: Int?

    /// Time from a request's arrival until its actions are needed, for requests that name none; nil lets them wait.
    public var deadline: Duration?

    /// ``Sampling/temperature``; nil as in ``sampling(over:)``.
    public var temperature: Double?

    /// ``Sampling/topK``; nil as in ``sampling(over:)``.
    public var topK: Int?

    /// ``Sampling/topP``; nil as in ``sampling(over:)``.
    public var topP: Double?

    /// ``Sampling/greedyChoice``; nil as in ``sampling(over:)``.
    public var greedyChoice: GreedyChoice?

    /// Records the blocks of greedy decoding as a CUDA graph, whose operators a GPU starts by itself.
    public var usesGraphs = false

    /// Leaves everything to the policy's folder.
    public init() {}

    /// The policy's own sampling, `base`, with the numbers replaced that are given here.
    ///
    /// A greedy `base` would stay greedy whatever is given, also for a mean of several samples, so its `topK` and
    /// `temperature` are replaced by the paper's.
    public func sampling(over base: Sampling) -> Sampling {
        var base = base
        if let greedyChoice { base.greedyChoice = greedyChoice }
        let isGreedy =
            temperature == nil && topK == nil && topP == nil && (sampleCount ?? 1) == 1 && base.isGreedy
        guard !isGreedy else { return base }
        var sampling = base.isGreedy ? Sampling() : base
        if let sampleCount { sampling.sampleCount = sampleCount }
        if let temperature { sampling.temperature = temperature }
        if let topK { sampling.topK = topK }
        if let topP { sampling.topP = topP }
        // Greedy sampling has one chunk.
        if sampleCount == nil, sampling.isGreedy { sampling.sampleCount = 1 }
        return sampling
    }

    /// Checks that a policy with `head` can decode so.
    func validate(for head: ActionHead.Configuration) throws(InvalidValue) {
        guard case .blocks(let configuration) = head else {
            let asked: [(key: String, isSet: Bool)] = [
                ("blockSize", blockSize != nil), ("codebooks", codebooks != nil),
                ("maskPredictBlocks", maskPredictBlocks != nil), ("endThreshold", endThreshold != nil),
                ("sampleCount", sampleCount != nil), ("topK", topK != nil), ("topP", topP != nil),
                ("temperature", temperature != nil), ("greedyChoice", greedyChoice != nil),
            ]
            guard let first = asked.first(where: \.isSet) else { return }
            throw InvalidValue(
                first.key,
                expected: "left out, as the policy predicts no tokens",
                found: "a value"
            )
        }
        try Validation.require("sampling", sampling(over: configuration.sampling))
        if let codebooks {
            try Validation.require(
                ["codebooks": codebooks],
                in: 1 ... configuration.schedule.codebookCount
            )
        }
        try Validation.require(["blockSize": blockSize ?? 1], atLeast: 1)
        try validateEnd(of: configuration)
        if let maskPredictBlocks, maskPredictBlocks != 0 {
            try Validation.require(["maskPredictBlocks": maskPredictBlocks], atLeast: 0)
            try Validation.require(
                configuration.supportsMaskPredict,
                "maskPredictBlocks",
                "0, as the policy was not trained for re-decoding (recipe: supportsMaskPredict)",
                found: maskPredictBlocks
            )
        }
    }

    /// Checks that chunks can end early, or that it is not asked for.
    private func validateEnd(of head: BlockHead.Configuration) throws(InvalidValue) {
        guard head.earlyEnd != nil else {
            return try Validation.require(
                endThreshold == nil,
                "endThreshold",
                "left out, as the policy was not trained to end chunks early (recipe: earlyEnd)",
                found: endThreshold ?? 0
            )
        }
        if let endThreshold { try Validation.require(["endThreshold": endThreshold], in: 0 ... 1) }
        let own = head.schedule.blockSize
        try Validation.require(
            blockSize == nil || blockSize == own || endThreshold == 1,
            "blockSize",
            "\(own), a codebook, or an 'endThreshold' of 1, as chunks end early with a whole codebook",
            found: blockSize ?? own
        )
    }
}
