public import RobotTypes

extension FASTTokenizer {
    /// Size of a normalised value that is no outlier: the 1 % to 99 % quantiles' range, widened by its width on both sides.
    ///
    /// A sensor's spike of hundreds of that range would take the whole vocabulary for coefficients that occur once.
    static let outlierLimit: Float = 3

    /// Fits range and merges to normalised `chunks`; where the vocabulary is too small for their coefficients, values are
    /// clipped to three times the range of the quantiles.
    ///
    /// - Parameters:
    ///   - chunks: Chunks to fit to; steps beyond an episode's end count as they are.
    ///   - normalization: The normalization of the chunks.
    ///   - scale: Steps of the rounding in a unit; 10 is the paper's.
    ///   - vocabularySize: Tokens in all; 1024 is the paper's.
    /// - Throws: ``ActionTokenizerError`` when there are no chunks, a value is not finite, or the clipped
    ///   coefficients alone need a larger vocabulary.
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
        var limit: Float?
        if Self.range(of: words).count > vocabularySize {
            limit = Self.outlierLimit
            words = Self.coefficients(of: Self.clipped(chunks, limit: limit), scale: scale, transform)
        }
        let range = Self.range(of: words)
        guard range.count <= vocabularySize else {
            throw ActionTokenizerError(
                "coefficients from \(range.lowerBound) to \(range.upperBound) need a vocabulary of more than "
                    + "\(vocabularySize); use a larger vocabulary or a smaller scale"
            )
        }
        let low = range.lowerBound
        for index in words.indices { words[index] = words[index].map { $0 - low } }
        let encoding = try BytePairEncoding.train(
            on: words,
            alphabetSize: range.count,
            vocabularySize: vocabularySize
        )
        try self.init(
            Configuration(
                scale: scale,
                smallestCoefficient: low,
                alphabetSize: encoding.alphabetSize,
                limit: limit,
                merges: encoding.merges
            ),
            horizon: chunks.horizon,
            normalization: normalization
        )
    }

    private static func range(of words: [[Int]]) -> ClosedRange<Int> {
        let low = words.reduce(Int.max) { min($0, $1.min() ?? $0) }
        return low ... max(low, words.reduce(Int.min) { max($0, $1.max() ?? $0) })
    }
}
