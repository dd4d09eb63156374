public import RobotTypes

extension FASTTokenizer {
    /// Learns range and merges from normalised `chunks`.
    ///
    /// - Parameters:
    ///   - chunks: What to fit; steps beyond an episode's end count as they are.
    ///   - normalization: How the chunks were normalised.
    ///   - scale: Steps of the rounding in a unit; 10 is the paper's.
    ///   - vocabularySize: Tokens in all; 1024 is the paper's.
    /// - Throws: ``ActionTokenizerError`` when there are no chunks, a value is not finite, or the coefficients
    ///   alone need a larger vocabulary.
    public init(
        fitting chunks: ActionChunks,
        normalization: Normalization,
        scale: Float = 10,
        vocabularySize: Int = 1024
    ) throws(ActionTokenizerError) {
        guard chunks.count > 0, chunks.horizon > 0, chunks.dimension > 0 else {
            throw ActionTokenizerError("FAST needs chunks to be fitted to, found none")
        }
        try chunks.checkFinite()
        try Self.check(scale: scale)
        let transform = DiscreteCosineTransform(length: chunks.horizon)
        var words = Self.coefficients(of: chunks, scale: scale, transform)
        let low = words.reduce(Int.max) { min($0, $1.min() ?? $0) }
        let high = words.reduce(Int.min) { max($0, $1.max() ?? $0) }
        guard high - low < vocabularySize else {
            throw ActionTokenizerError(
                "coefficients from \(low) to \(high) need a vocabulary of more than \(vocabularySize); use a "
                    + "larger vocabulary, a smaller scale, or actions normalised to about [-1, 1]"
            )
        }
        for index in words.indices { words[index] = words[index].map { $0 - low } }
        let encoding = try BytePairEncoding.train(
            on: words,
            alphabetSize: high - low + 1,
            vocabularySize: vocabularySize
        )
        try self.init(
            horizon: chunks.horizon,
            dimension: chunks.dimension,
            normalization: normalization,
            scale: scale,
            smallest: low,
            encoding: encoding
        )
    }
}
