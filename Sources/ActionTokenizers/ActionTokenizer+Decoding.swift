public import RobotTypes

// Decoding as every caller sees it: evaluation, comparison, replay and policies measure and execute the same clipped actions.
extension ActionTokenizer {
    /// Normalised chunks of tokens, clipped to the recorded range.
    ///
    /// - Parameter tokens: One list a chunk; in a grid, the tokens of all codebooks or of the first few (``decodableCodebooks``).
    /// - Returns: One chunk a list.
    /// - Throws: An error that names the chunk whose tokens do not decode; never silent zeros.
    public func chunks(for tokens: [[Int]]) throws -> ActionChunks {
        clipped(try unclippedChunks(for: tokens))
    }

    /// Normalised chunks of token sequences that a policy sampled, clipped to the recorded range.
    ///
    /// - Throws: An error that names the chunk with a token outside its codebook.
    public func chunks(forSampled tokens: [[Int]]) throws -> ActionChunks {
        clipped(try unclippedChunks(forSampled: tokens))
    }

    /// Normalised chunks of the tokens of the first codebooks, for every number in ``decodableCodebooks``, clipped to the
    /// recorded range.
    ///
    /// - Throws: An error that names the chunk whose tokens do not decode.
    public func chunks(forPrefixesOf tokens: [[Int]]) throws -> [ActionChunks] {
        try unclippedChunks(forPrefixesOf: tokens).map(clipped)
    }

    /// Tokens of chunks in the robot's units.
    ///
    /// - Throws: An error that names chunk, step and column of a value that is not finite or far outside the range
    ///   (``firstFarValue(in:)``), or the shape that differs.
    public func tokens(forRobotUnits chunks: ActionChunks) throws -> [[Int]] {
        try check(chunks)
        if let far = firstFarValue(in: chunks) {
            throw ActionTokenizerError("\(far); check the units, or clip such values")
        }
        return try tokens(for: normalized(chunks))
    }

    /// Chunks of tokens in the robot's units, clipped to the recorded range.
    ///
    /// - Throws: An error that names the chunk whose tokens do not decode; never silent zeros.
    public func robotUnits(for tokens: [[Int]]) throws -> ActionChunks { restored(try chunks(for: tokens)) }

    /// Chunks in the robot's units, normalised.
    public func normalized(_ chunks: ActionChunks) -> ActionChunks {
        chunks.mapValues(normalization.normalized)
    }

    /// Normalised chunks in the robot's units.
    public func restored(_ chunks: ActionChunks) -> ActionChunks { chunks.mapValues(normalization.restored) }

    private func clipped(_ chunks: ActionChunks) -> ActionChunks { chunks.mapValues(normalization.clipped) }
}

/// Number of chunks that pass through a network at once, so that memory stays bounded.
private let batchSize = 1024

extension ActionTokenizer {
    /// Ranges of `count` chunks, in order, each of as many as a network takes at once.
    func batches(of count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: batchSize).map { $0 ..< min($0 + batchSize, count) }
    }

    /// Token sequences, all of one length: `encode` gets at most as many chunks as a network takes at once.
    ///
    /// - Parameters:
    ///   - chunks: The chunks.
    ///   - encode: Returns the tokens, `[chunks, tokens]`, of some chunks.
    /// - Returns: One token sequence a chunk.
    public func tokens(batching chunks: ActionChunks, _ encode: (ActionChunks) -> [Int]) -> [[Int]] {
        batches(of: chunks.count).flatMap { range in
            let tokens = encode(chunks[range])
            let length = tokens.count / range.count
            return stride(from: 0, to: tokens.count, by: length).map { Array(tokens[$0 ..< $0 + length]) }
        }
    }

    /// Chunks of token sequences of several lengths: `decode` gets sequences of one length at a time, at most as many as a
    /// network takes at once.
    ///
    /// - Parameters:
    ///   - tokens: One token sequence a chunk.
    ///   - decode: Returns the values, `[sequences, horizon, dimension]`, of sequences of one length.
    /// - Returns: The chunks in the order of `tokens`.
    public func chunks(batching tokens: [[Int]], _ decode: ([[Int]]) -> [Float]) -> ActionChunks {
        let size = horizon * dimension
        var values = [Float](repeating: 0, count: tokens.count * size)
        for (_, rows) in Dictionary(grouping: tokens.indices, by: { tokens[$0].count }) {
            for range in batches(of: rows.count) {
                let decoded = decode(rows[range].map { tokens[$0] })
                for (index, row) in rows[range].enumerated() {
                    values.replaceSubrange(
                        row * size ..< (row + 1) * size,
                        with: decoded[index * size ..< (index + 1) * size]
                    )
                }
            }
        }
        return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
    }
}

extension ActionChunks {
    func mapValues(_ transform: ([Float]) -> [Float]) -> ActionChunks {
        var result = self
        result.values = transform(values)
        return result
    }
}
