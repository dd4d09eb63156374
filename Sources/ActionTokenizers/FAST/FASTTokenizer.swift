public import RobotTypes

/// FAST: DCT along time, scaled and rounded, low frequencies first, then byte-pair encoding (arXiv 2501.09747).
///
/// The number of tokens varies with the chunk.
/// Departure: tokens that do not decode to a whole chunk are an error, where the public processor prints one and
/// returns zeros; coefficients outside the fitted range are moved to its end on both sides, where the public
/// processor drops those above.
public struct FASTTokenizer: ActionTokenizer, Codable, Equatable {
    /// Control steps of a chunk.
    public let horizon: Int

    /// Columns of an action.
    public let dimension: Int

    /// How the robot's units map to normalised ones.
    public let normalization: Normalization

    /// Coefficients are multiplied by it before they are rounded.
    public let scale: Float

    /// The coefficient that symbol 0 stands for.
    public let smallest: Int

    /// Joins frequent neighbours.
    public let encoding: BytePairEncoding

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
        guard chunks.count > 0 else { throw ActionTokenizerError("FAST needs at least one chunk to fit") }
        if chunks.values.contains(where: { !$0.isFinite }) {
            throw ActionTokenizerError("FAST cannot be fitted to values that are not finite")
        }
        horizon = chunks.horizon
        dimension = chunks.dimension
        self.normalization = normalization
        self.scale = scale
        let words = Self.coefficients(of: chunks, scale: scale)
        let low = words.lazy.flatMap { $0 }.min() ?? 0
        let high = words.lazy.flatMap { $0 }.max() ?? 0
        guard high - low < vocabularySize else {
            throw ActionTokenizerError(
                "coefficients from \(low) to \(high) need a vocabulary of more than \(vocabularySize); use a smaller scale"
            )
        }
        smallest = low
        encoding = try BytePairEncoding.train(
            on: words.map { $0.map { $0 - low } },
            alphabetSize: high - low + 1,
            vocabularySize: vocabularySize
        )
    }

    /// `fast`.
    public var name: String { "fast" }

    /// One alphabet, the vocabulary.
    public var codebookSizes: [Int] { [encoding.vocabularySize] }

    /// All tokens share the vocabulary.
    public func codebook(ofToken position: Int) -> Int { 0 }

    /// The tokens of normalised chunks.
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        try check(chunks)
        let last = encoding.alphabetSize - 1
        return Self.coefficients(of: chunks, scale: scale).map { word in
            encoding.encoded(word.map { min(last, max(0, $0 - smallest)) })
        }
    }

    /// The normalised chunks of tokens.
    public func chunks(for tokens: [[Int]]) throws -> ActionChunks {
        let transform = DiscreteCosineTransform(length: horizon)
        var values: [Float] = []
        values.reserveCapacity(tokens.count * horizon * dimension)
        for (chunk, symbols) in tokens.enumerated() {
            let word: [Int]
            do {
                word = try encoding.decoded(symbols)
            } catch {
                throw ActionTokenizerError("chunk \(chunk): \(error)")
            }
            guard word.count == horizon * dimension else {
                throw ActionTokenizerError(
                    "chunk \(chunk): the tokens decode to \(word.count) coefficients, expected \(horizon * dimension)"
                )
            }
            let coefficients = word.map { Float($0 + smallest) / scale }
            values += transform.samples(coefficients[...], columns: dimension)
        }
        return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
    }

    /// Rounded coefficients of every chunk: all columns of frequency 0, then of frequency 1, and so on.
    private static func coefficients(of chunks: ActionChunks, scale: Float) -> [[Int]] {
        let transform = DiscreteCosineTransform(length: chunks.horizon)
        let size = chunks.horizon * chunks.dimension
        return (0 ..< chunks.count).map { chunk in
            transform.coefficients(
                chunks.values[chunk * size ..< (chunk + 1) * size],
                columns: chunks.dimension
            )
            .map { Int(($0 * scale).rounded(.toNearestOrEven)) }
        }
    }
}
