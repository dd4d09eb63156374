public import RobotTypes

/// A tokenizer whose codes run through one codebook after the other, coarse to fine: the first codebooks alone give a
/// coarser chunk, so it has as many rates as codebooks.
public protocol ResidualTokenizer: ActionTokenizer {
    /// Codebooks, coarse to fine.
    var codebookCount: Int { get }

    /// Codes of a chunk in every codebook.
    var latentPositionCount: Int { get }

    /// The normalised chunks of the codes of the first `codebooks` codebooks.
    ///
    /// - Parameters:
    ///   - tokens: `codebooks * latentPositionCount` codes a chunk.
    ///   - codebooks: In `1 ... codebookCount`.
    /// - Returns: A chunk for every list.
    /// - Throws: An error that names the chunk whose codes are too many, too few or out of range.
    func chunks(for tokens: [[Int]], codebooks: Int) throws -> ActionChunks

    /// What chunks are after the first of their codebooks, after the first two, and so on to all.
    ///
    /// - Parameter tokens: `codebookCount * latentPositionCount` codes a chunk.
    /// - Returns: Normalised chunks for every number of codebooks.
    /// - Throws: An error that names the chunk whose codes are too many, too few or out of range.
    func chunks(forPrefixesOf tokens: [[Int]]) throws -> [ActionChunks]
}

extension ResidualTokenizer {
    /// The tokenizer whose tokens are the codes of the first `codebooks` codebooks.
    public func prefix(codebooks: Int) -> PrefixTokenizer { PrefixTokenizer(self, codebooks: codebooks) }

    /// What chunks are after every number of codebooks, each decoded by itself.
    ///
    /// - Throws: What the tokenizer throws.
    public func chunks(forPrefixesOf tokens: [[Int]]) throws -> [ActionChunks] {
        try (1 ... codebookCount).map { codebooks in
            try chunks(
                for: tokens.map { Array($0.prefix(codebooks * latentPositionCount)) },
                codebooks: codebooks
            )
        }
    }
}

/// The first codebooks of a residual tokenizer, as a tokenizer of its own.
public struct PrefixTokenizer: ActionTokenizer {
    /// What the codebooks belong to.
    public let base: any ResidualTokenizer

    /// How many of its codebooks are used.
    public let codebooks: Int

    /// Creates the tokenizer of the first `codebooks` codebooks of `base`, in `1 ... base.codebookCount`.
    public init(_ base: any ResidualTokenizer, codebooks: Int) {
        precondition((1 ... base.codebookCount).contains(codebooks), "a prefix holds 1 to all codebooks")
        self.base = base
        self.codebooks = codebooks
    }

    /// For example `fastervq:codebooks=2`.
    public var name: String { "\(base.name):codebooks=\(codebooks)" }

    /// Control steps of a chunk.
    public var horizon: Int { base.horizon }

    /// Columns of an action.
    public var dimension: Int { base.dimension }

    /// How the robot's units map to normalised ones.
    public var normalization: Normalization { base.normalization }

    /// The sizes of the codebooks used.
    public var codebookSizes: [Int] { Array(base.codebookSizes.prefix(codebooks)) }

    /// As in the whole tokenizer.
    public func codebook(ofToken position: Int) -> Int { base.codebook(ofToken: position) }

    /// The whole tokenizer's first codes.
    ///
    /// - Throws: What the whole tokenizer throws.
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        try base.tokens(for: chunks).map { Array($0.prefix(codebooks * base.latentPositionCount)) }
    }

    /// The normalised chunks of first codes.
    ///
    /// - Throws: What the whole tokenizer throws.
    public func chunks(for tokens: [[Int]]) throws -> ActionChunks {
        try base.chunks(for: tokens, codebooks: codebooks)
    }
}
