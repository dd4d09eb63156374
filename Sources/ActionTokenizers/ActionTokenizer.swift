public import Foundation
public import RobotTypes

/// Maps chunks of continuous actions to discrete tokens and back.
///
/// A conforming type implements the codec on normalised actions, without clipping; callers decode through
/// ``chunks(for:)``, ``chunks(forSampled:)`` and ``chunks(forPrefixesOf:)``, which clip every tokenizer's actions in the same
/// way.
public protocol ActionTokenizer: Sendable {
    /// Short name, for example `fastervq`, `fast`, `binning`.
    var name: String { get }

    /// Number of control steps of a chunk.
    var horizon: Int { get }

    /// Map between the robot's units and the normalised ones of the codec.
    var normalization: Normalization { get }

    /// Groups of action columns that the tokenizer is for; nil for tokenizers that treat all columns alike.
    var requiredActionSpace: ActionSpace? { get }

    /// Arrangement of the tokens of a chunk.
    var layout: TokenLayout { get }

    /// Numbers of leading codebooks that decode to a chunk; fewer give a coarser one.
    var decodableCodebooks: ClosedRange<Int> { get }

    /// Vectors of the codebook entries; nil for tokenizers whose codes have none.
    var codewords: Codewords? { get }

    /// Size beyond which the codec clips normalised values; nil where it encodes them as they are.
    var normalizedLimit: Float? { get }

    /// Mask of the latent positions that describe at least one valid step.
    ///
    /// - Parameter validSteps: Number of steps of every chunk that lie inside its episode, `[chunks]`.
    /// - Returns: `[chunks, latent positions]`, row-major; empty for variable-length layouts.
    func validityMask(_ validSteps: [Int]) -> [Bool]

    /// The same tokenizer with its first `codebooks` codebooks, in ``decodableCodebooks``; itself where it has no more.
    func keeping(codebooks: Int) -> Self

    /// Tokens of normalised chunks, one list a chunk.
    ///
    /// - Throws: An error that names chunk, step and column of a value that is not finite, or the shape that differs.
    func tokens(for chunks: ActionChunks) throws -> [[Int]]

    /// Normalised chunks of tokens as the codec inverts them, not clipped.
    ///
    /// - Parameter tokens: One list a chunk; in a grid, the tokens of all codebooks or of the first few (``decodableCodebooks``).
    /// - Returns: One chunk a list.
    /// - Throws: An error that names the chunk whose tokens do not decode; never silent zeros.
    func unclippedChunks(for tokens: [[Int]]) throws -> ActionChunks

    /// Normalised chunks of token sequences that a policy sampled, which need not be a complete encoding of any chunk; not clipped.
    ///
    /// - Throws: An error that names the chunk with a token outside its codebook.
    func unclippedChunks(forSampled tokens: [[Int]]) throws -> ActionChunks

    /// Normalised chunks of the tokens of the first codebooks, for every number in ``decodableCodebooks``; not clipped.
    ///
    /// - Parameter tokens: The tokens of all codebooks, one list a chunk.
    /// - Returns: The chunks of every number of codebooks, in the order of ``decodableCodebooks``.
    /// - Throws: An error that names the chunk whose tokens do not decode.
    func unclippedChunks(forPrefixesOf tokens: [[Int]]) throws -> [ActionChunks]

    /// Writes the tokenizer to a folder that a tokenizer registry opens again.
    ///
    /// - Throws: The system's error, with the path.
    func save(to folder: URL) throws
}

// Behaviour of tokenizers without residual codebooks.
extension ActionTokenizer {
    /// Nil: all columns are treated alike.
    public var requiredActionSpace: ActionSpace? { nil }

    /// Nil: there are no codebooks of vectors.
    public var codewords: Codewords? { nil }

    /// Nil: no value is clipped before it is encoded.
    public var normalizedLimit: Float? { nil }

    /// All codebooks.
    public var decodableCodebooks: ClosedRange<Int> { layout.codebookCount ... layout.codebookCount }

    /// True for every latent position.
    public func validityMask(_ validSteps: [Int]) -> [Bool] {
        Array(repeating: true, count: validSteps.count * (layout.latentPositionCount ?? 0))
    }

    /// This tokenizer.
    public func keeping(codebooks: Int) -> Self { self }

    /// Sampled tokens decode like encoded ones.
    public func unclippedChunks(forSampled tokens: [[Int]]) throws -> ActionChunks {
        try unclippedChunks(for: tokens)
    }

    /// One decoding for every number of codebooks.
    public func unclippedChunks(forPrefixesOf tokens: [[Int]]) throws -> [ActionChunks] {
        guard let positions = layout.latentPositionCount else { return [try unclippedChunks(for: tokens)] }
        return try decodableCodebooks.map { codebooks in
            try unclippedChunks(for: tokens.map { Array($0.prefix(codebooks * positions)) })
        }
    }
}

extension ActionTokenizer {
    /// Number of action columns.
    public var dimension: Int { normalization.statistics.dimension }

    /// Number of entries of every codebook.
    public var codebookSizes: [Int] { layout.codebookSizes }

    /// Index of the codebook that the token at `position` of a chunk is from.
    public func codebook(ofToken position: Int) -> Int { layout.codebook(ofToken: position) }

    /// Information in `tokens` under a uniform distribution over codebook entries, in bits.
    public func bits(of tokens: [Int]) -> Double {
        let sizes = codebookSizes
        return tokens.indices.reduce(0) { $0 + log2(Double(sizes[codebook(ofToken: $1)])) }
    }
}
