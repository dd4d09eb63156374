/// Vectors of the codebook entries of a grid of codes.
///
/// Entries near each other stand for nearly the same actions.
public struct Codewords: Sendable {
    /// Number of codebooks.
    public let codebookCount: Int

    /// Number of latent positions.
    public let latentPositionCount: Int

    /// Number of entries of a codebook.
    public let codebookSize: Int

    /// Number of coordinates of a vector.
    public let width: Int

    /// The vectors, `[codebooks, latent positions, entries, width]`, row-major.
    public let values: [Float]

    /// Wraps vectors, `[codebooks, latent positions, entries, width]`.
    public init(
        codebookCount: Int,
        latentPositionCount: Int,
        codebookSize: Int,
        width: Int,
        values: [Float]
    ) {
        precondition(
            values.count == codebookCount * latentPositionCount * codebookSize * width,
            "there is a vector for every entry"
        )
        self.codebookCount = codebookCount
        self.latentPositionCount = latentPositionCount
        self.codebookSize = codebookSize
        self.width = width
        self.values = values
    }
}
