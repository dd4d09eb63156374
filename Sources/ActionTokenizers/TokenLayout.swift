/// Arrangement of the tokens of one chunk.
public enum TokenLayout: Equatable, Sendable {
    /// A fixed number of tokens, one for every codebook and latent position: all positions of the first codebook, then all of
    /// the next, coarse to fine.
    ///
    /// A tokenizer without residual stages has one codebook.
    case grid(codebookSizes: [Int], latentPositionCount: Int)

    /// A token sequence from one vocabulary whose length depends on the chunk; a policy ends it with an end-of-sequence token.
    case variableLength(vocabularySize: Int)
}

extension TokenLayout {
    /// Number of entries of every codebook; a vocabulary counts as one codebook.
    public var codebookSizes: [Int] {
        switch self {
        case .grid(let sizes, _): sizes
        case .variableLength(let size): [size]
        }
    }

    /// Number of codebooks.
    public var codebookCount: Int { codebookSizes.count }

    /// Number of tokens of a chunk in every codebook; nil where the length depends on the chunk.
    public var latentPositionCount: Int? {
        switch self {
        case .grid(_, let count): count
        case .variableLength: nil
        }
    }

    /// Number of tokens of a chunk; nil where it depends on the chunk.
    public var tokenCount: Int? { latentPositionCount.map { $0 * codebookCount } }

    /// Returns true if the number of tokens depends on the chunk.
    public var isVariableLength: Bool { latentPositionCount == nil }

    /// Index of the codebook that the token at `position` of a chunk is from.
    public func codebook(ofToken position: Int) -> Int {
        latentPositionCount.map { position / $0 } ?? 0
    }
}
