public import RobotTypes

extension FASTTokenizer {
    /// The normalised chunks of tokens that a policy drew, which may stand for too few coefficients or too many.
    ///
    /// Coefficients come low frequencies first, so what is missing counts as 0, a smoother motion, and what is too
    /// much is cut. The public processor returns a chunk of zeros in both cases.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the chunk when a token is outside the vocabulary.
    public func chunks(forDrawn tokens: [[Int]]) throws -> ActionChunks {
        let size = horizon * dimension
        let zero = min(encoding.alphabetSize - 1, max(0, -smallest))
        let whole = try tokens.enumerated().map { chunk, list in
            if let token = list.first(where: { !(0 ..< encoding.vocabularySize).contains($0) }) {
                throw ActionTokenizerError(
                    "chunk \(chunk): expected tokens in 0 ..< \(encoding.vocabularySize), found \(token)"
                )
            }
            let symbols = encoding.expanded(list, atMost: size)
            return symbols + Array(repeating: zero, count: size - symbols.count)
        }
        return try chunks(for: whole)
    }
}
