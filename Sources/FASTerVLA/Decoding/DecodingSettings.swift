/// How a policy decodes, where that is not left to its folder.
public struct DecodingSettings: Equatable, Sendable {
    /// Codes of one forward, 1 to decode token by token; the policy's own where nil.
    public var blockSize: Int?

    /// Codebooks that are decoded, coarse to fine; all where nil.
    public var codebooks: Int?

    /// Blocks that are looked at again, coarse ones first (``BlockDecoder``); none where nil.
    public var secondLooks: Int?

    /// ``Sampling/draws``; see ``sampling(over:)`` where nil.
    public var draws: Int?

    /// Time from a request's arrival at the policy until its answer is needed, where it names none itself.
    ///
    /// Where nil, such requests can wait.
    public var deadline: Duration?

    /// ``Sampling/temperature``; see ``sampling(over:)`` where nil.
    public var temperature: Double?

    /// ``Sampling/topK``; see ``sampling(over:)`` where nil.
    public var topK: Int?

    /// ``Sampling/topP``; see ``sampling(over:)`` where nil.
    public var topP: Double?

    /// Leaves everything to the policy's folder.
    public init() {}

    /// The policy's own sampling, `base`, with the numbers replaced that are given here.
    ///
    /// What a greedy policy says of `topK` and `temperature` would keep it greedy whatever is asked for, also for a mean of
    /// several draws, so there the rest is the paper's.
    public func sampling(over base: Sampling) -> Sampling {
        let isGreedy = temperature == nil && topK == nil && topP == nil && (draws ?? 1) == 1 && base.isGreedy
        guard !isGreedy else { return base }
        var sampling = base.isGreedy ? Sampling() : base
        if let draws { sampling.draws = draws }
        if let temperature { sampling.temperature = temperature }
        if let topK { sampling.topK = topK }
        if let topP { sampling.topP = topP }
        // Who makes a policy greedy wants its one best motion.
        if draws == nil, sampling.isGreedy { sampling.draws = 1 }
        return sampling
    }

    /// What is asked for that a policy with `head` has not got, in words; nil where nothing is.
    func problem(for head: ActionHead.Configuration) -> String? {
        guard case .codes(let configuration) = head else {
            let asked = blockSize ?? codebooks ?? secondLooks ?? draws ?? topK
            return asked == nil && temperature == nil && topP == nil
                ? nil : "the policy predicts no codes, so there is nothing to choose about their decoding"
        }
        if let problem = sampling(over: configuration.sampling).problem { return "sampling: \(problem)" }
        if let codebooks, !(1 ... configuration.schedule.codebookCount).contains(codebooks) {
            return
                "codebooks to decode: expected 1 ... \(configuration.schedule.codebookCount), found \(codebooks)"
        }
        if let secondLooks, secondLooks > 0, !configuration.looksAgain {
            return "the policy was not trained to look at a block again (recipe: looksAgain)"
        }
        return nil
    }
}
