public import RobotTypes

extension FASTTokenizer {
    /// Fits range and merges to normalised `chunks`.
    ///
    /// - Parameters:
    ///   - chunks: Chunks to fit to; steps beyond an episode's end count as they are.
    ///   - normalization: The normalization of the chunks.
    ///   - scale: Steps of the rounding in a unit; 10 is the paper's.
    ///   - vocabularySize: Tokens in all; 1024 is the paper's.
    /// - Throws: ``ActionTokenizerError`` when there are no chunks, a value is not finite, or the coefficients
    ///   alone need a larger vocabulary.
    public init(
        fitting chunks: ActionChunks,
        normalization: Normalization,
        scale: Float = 10,
        vocabularySize: Int = 1024
    ) throws {
        try chunks.checkFittable(by: "FAST", normalization)
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
            Configuration(
                scale: scale,
                smallestCoefficient: low,
                alphabetSize: encoding.alphabetSize,
                merges: encoding.merges
            ),
            horizon: chunks.horizon,
            normalization: normalization
        )
    }
}
