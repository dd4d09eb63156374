public import RobotTypes

/// A residual tokenizer that spends on every chunk as few codebooks as keep its error within a tolerance.
///
/// Easy chunks get short lists of tokens, hard ones all codebooks; the length of a list says how many there are.
public struct AdaptiveTokenizer: ActionTokenizer {
    /// What the codebooks belong to.
    public let base: any ResidualTokenizer

    /// Largest absolute error of any value, in normalised units, that the chosen codebooks may leave.
    public let tolerance: Double

    /// Creates the tokenizer that keeps errors of `base` within `tolerance` where its codebooks can.
    public init(_ base: any ResidualTokenizer, tolerance: Double) {
        precondition(tolerance >= 0, "a tolerance is not negative")
        self.base = base
        self.tolerance = tolerance
    }

    /// For example `fastervq:tolerance=0.05`.
    public var name: String { "\(base.name):tolerance=\(tolerance)" }

    /// Control steps of a chunk.
    public var horizon: Int { base.horizon }

    /// Columns of an action.
    public var dimension: Int { base.dimension }

    /// How the robot's units map to normalised ones.
    public var normalization: Normalization { base.normalization }

    /// The sizes of all codebooks.
    public var codebookSizes: [Int] { base.codebookSizes }

    /// As in the whole tokenizer.
    public func codebook(ofToken position: Int) -> Int { base.codebook(ofToken: position) }

    /// The codes of as many first codebooks as every chunk needs.
    ///
    /// - Throws: What the whole tokenizer throws.
    /// - Complexity: One encoding, and a decoding for every codebook.
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        let codes = try base.tokens(for: chunks)
        let prefixes = try base.prefixes(of: codes)
        let needed = Self.codebooksNeeded(for: chunks, prefixes: prefixes, tolerance: tolerance)
        return zip(codes, needed).map { Array($0.prefix($1 * base.placeCount)) }
    }

    /// The normalised chunks of lists that hold the codes of one or more whole codebooks.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the chunk whose codes are no such list; what the whole tokenizer
    ///   throws.
    public func chunks(for tokens: [[Int]]) throws -> ActionChunks {
        let (places, size) = (base.placeCount, horizon * dimension)
        var values = [Float](repeating: 0, count: tokens.count * size)
        if let chunk = tokens.firstIndex(where: { !isList($0.count) }) {
            throw ActionTokenizerError(
                "chunk \(chunk): expected \(places) codes for each of 1 ... \(base.codebookCount) codebooks, found "
                    + "\(tokens[chunk].count) codes"
            )
        }
        for (codebooks, members) in Dictionary(grouping: tokens.indices, by: { tokens[$0].count / places }) {
            let decoded = try base.chunks(for: members.map { tokens[$0] }, codebooks: codebooks)
            for (row, chunk) in members.enumerated() {
                let part = decoded.values[row * size ..< (row + 1) * size]
                values.replaceSubrange(chunk * size ..< (chunk + 1) * size, with: part)
            }
        }
        return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
    }

    private func isList(_ count: Int) -> Bool {
        count % base.placeCount == 0 && (1 ... base.codebookCount).contains(count / base.placeCount)
    }

    /// Fewest codebooks that leave no error above `tolerance` in every one of `chunks`; all where none does.
    ///
    /// - Parameters:
    ///   - chunks: Normalised chunks; steps beyond the valid ones do not count.
    ///   - prefixes: What the first codebook makes of them, then the first two, and so on to all.
    ///   - tolerance: Largest absolute error allowed.
    /// - Returns: A number of codebooks a chunk.
    public static func codebooksNeeded(
        for chunks: ActionChunks,
        prefixes: [ActionChunks],
        tolerance: Double
    ) -> [Int] {
        var needed = [Int](repeating: prefixes.count, count: chunks.count)
        for (index, prefix) in prefixes.enumerated().reversed() {
            for (chunk, peak) in ReconstructionErrors(chunks, prefix).peaks.enumerated()
            where peak <= tolerance {
                needed[chunk] = index + 1
            }
        }
        return needed
    }
}

extension ResidualTokenizer {
    /// What the first codebook makes of whole lists of codes, then the first two, and so on to all.
    ///
    /// - Throws: An error that names the chunk whose codes cannot be decoded.
    public func prefixes(of codes: [[Int]]) throws -> [ActionChunks] {
        try (1 ... codebookCount).map { codebooks in
            try chunks(for: codes.map { Array($0.prefix(codebooks * placeCount)) }, codebooks: codebooks)
        }
    }
}
