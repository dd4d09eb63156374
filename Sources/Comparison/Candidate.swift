public import ActionTokenizers

/// A tokenizer of a comparison.
public struct Candidate: Sendable {
    /// Name of its rate-distortion curve; several candidates may lie on one, such as FAST at several scales.
    public var curve: String

    /// Label of its points among those of its curve, for example `scale=5`; may be empty.
    public var pointLabel: String

    /// The tokenizer, one for every seed of its training.
    public var tokenizers: [any ActionTokenizer]

    /// Tolerance within which chunks end early, in normalised units; nil for one operating point for each number of codebooks.
    public var earlyEnd: Double?

    /// Creates a candidate with at least one tokenizer.
    public init(
        curve: String,
        pointLabel: String = "",
        tokenizers: [any ActionTokenizer],
        earlyEnd: Double? = nil
    ) {
        precondition(!tokenizers.isEmpty, "a candidate needs a tokenizer")
        self.curve = curve
        self.pointLabel = pointLabel
        self.tokenizers = tokenizers
        self.earlyEnd = earlyEnd
    }

    /// True for FASTerVQ, which comparison results compare with the others.
    var isFASTerVQ: Bool { tokenizers.allSatisfy { $0.name.hasPrefix("fastervq") } }
}
