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

    /// Leaves everything to the policy's folder.
    public init() {}
}
