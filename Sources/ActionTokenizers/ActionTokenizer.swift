internal import Foundation
public import RobotTypes

/// Turns chunks of actions into a few integers and back.
public protocol ActionTokenizer: Sendable {
    /// Short name, for example `fastervq`, `fast`, `binning`.
    var name: String { get }

    /// Control steps of a chunk.
    var horizon: Int { get }

    /// Columns of an action.
    var dimension: Int { get }

    /// How the robot's units map to the normalised ones that the codec works in.
    var normalization: Normalization { get }

    /// Sizes of the alphabets that tokens come from.
    var codebookSizes: [Int] { get }

    /// Which of ``codebookSizes`` the token at `position` belongs to.
    func codebook(ofToken position: Int) -> Int

    /// The tokens of normalised chunks, one list a chunk.
    ///
    /// - Throws: An error that names chunk, step and column where a value is not finite or a shape differs.
    func tokens(for chunks: ActionChunks) throws -> [[Int]]

    /// The normalised chunks of tokens.
    ///
    /// - Throws: An error that names the chunk whose tokens cannot be decoded; never silent zeros.
    func chunks(for tokens: [[Int]]) throws -> ActionChunks
}

/// Chunks that pass through a network at once, so that memory stays bounded.
private let batchSize = 1024

extension ActionTokenizer {
    /// Ranges of `count` chunks, in order, each of as many as a network takes at once.
    public func batches(of count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: batchSize).map { $0 ..< min($0 + batchSize, count) }
    }

    /// Information in `tokens`, were every entry of their codebooks equally likely, in bits.
    public func bits(of tokens: [Int]) -> Double {
        tokens.indices.reduce(0) { $0 + log2(Double(codebookSizes[codebook(ofToken: $1)])) }
    }

    /// Chunks in the robot's units as the codec works on them.
    public func normalized(_ chunks: ActionChunks) -> ActionChunks {
        var result = chunks
        result.values = normalization.normalized(chunks.values)
        return result
    }

    /// Chunks as the codec gives them back, in the robot's units.
    public func restored(_ chunks: ActionChunks) -> ActionChunks {
        var result = chunks
        result.values = normalization.restored(chunks.values)
        return result
    }

    /// The tokens of chunks in the robot's units.
    ///
    /// - Throws: An error that names chunk, step and column where a value is not finite or a shape differs.
    public func tokens(forRobotUnits chunks: ActionChunks) throws -> [[Int]] {
        try check(chunks)
        return try tokens(for: normalized(chunks))
    }

    /// The chunks of tokens, in the robot's units.
    ///
    /// - Throws: An error that names the chunk whose tokens cannot be decoded; never silent zeros.
    public func robotUnits(for tokens: [[Int]]) throws -> ActionChunks {
        restored(try chunks(for: tokens))
    }
}
