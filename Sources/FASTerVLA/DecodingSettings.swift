/// How a policy decodes, where that is not left to its folder.
public struct DecodingSettings: Equatable, Sendable {
    /// Codes of one forward, 1 to decode token by token; the policy's own where nil.
    public var blockSize: Int?

    /// Codebooks that are decoded, coarse to fine; all where nil.
    public var codebooks: Int?

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
    /// What a greedy policy says of `topK` and `temperature` would keep it greedy whatever is asked for, so there the rest
    /// is the paper's.
    public func sampling(over base: Sampling) -> Sampling {
        guard temperature != nil || topK != nil || topP != nil else { return base }
        var sampling = base.isGreedy ? Sampling() : base
        if let temperature { sampling.temperature = temperature }
        if let topK { sampling.topK = topK }
        if let topP { sampling.topP = topP }
        return sampling
    }
}
