public import RobotTypes

/// FAST: DCT along time, scaled and rounded, low frequencies first, then byte-pair encoding (arXiv 2501.09747).
///
/// The number of tokens varies with the chunk.
/// Departure: tokens that do not decode to a whole chunk are an error, where the public processor prints one and
/// returns zeros; coefficients outside the fitted range are moved to its end on both sides, where the public
/// processor drops those above; neighbours are joined as integers, where the public processor first splits them
/// as if they were English text.
public struct FASTTokenizer: ActionTokenizer, Equatable {
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

    private let transform: DiscreteCosineTransform

    /// Wraps what was fitted before.
    ///
    /// - Throws: ``ActionTokenizerError`` when sizes, scale, range or normalization cannot belong to a tokenizer.
    public init(
        horizon: Int,
        dimension: Int,
        normalization: Normalization,
        scale: Float,
        smallest: Int,
        encoding: BytePairEncoding
    ) throws(ActionTokenizerError) {
        try normalization.check(columns: dimension)
        try ActionTokenizerLimits.check(horizon, "horizon", atMost: ActionTokenizerLimits.horizon)
        try Self.check(scale: scale)
        guard Self.coefficientRange.contains(smallest) else {
            throw ActionTokenizerError(
                "smallest coefficient: expected \(Self.coefficientRange), found \(smallest)"
            )
        }
        self.horizon = horizon
        self.dimension = dimension
        self.normalization = normalization
        self.scale = scale
        self.smallest = smallest
        self.encoding = encoding
        transform = DiscreteCosineTransform(length: horizon)
    }

    /// `fast`.
    public var name: String { "fast" }

    /// One alphabet, the vocabulary.
    public var codebookSizes: [Int] { [encoding.vocabularySize] }

    /// All tokens share the vocabulary.
    public func codebook(ofToken position: Int) -> Int { 0 }
}

extension FASTTokenizer {
    /// The tokens of normalised chunks; coefficients outside the fitted range are moved to its nearer end.
    ///
    /// - Throws: ``ActionTokenizerError`` when a chunk has another shape or a value that is not finite.
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        try check(chunks)
        let last = encoding.alphabetSize - 1
        return Self.coefficients(of: chunks, scale: scale, transform).map { word in
            encoding.encoded(word.map { min(last, max(0, $0 - smallest)) })
        }
    }

    /// The normalised chunks of tokens.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the chunk when a token is outside the vocabulary or the tokens
    ///   do not stand for `horizon * dimension` coefficients.
    public func chunks(for tokens: [[Int]]) throws -> ActionChunks {
        var values: [Float] = []
        values.reserveCapacity(tokens.count * horizon * dimension)
        for (chunk, symbols) in tokens.enumerated() {
            do throws(ActionTokenizerError) {
                let word = try encoding.decoded(symbols, length: horizon * dimension)
                let coefficients = word.map { Double($0 + smallest) / Double(scale) }
                values += transform.samples(coefficients, columns: dimension)
            } catch {
                throw ActionTokenizerError("chunk \(chunk): \(error)")
            }
        }
        return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
    }

    /// Coefficients beyond it are cut: no robot moves so far, and rounding them would overflow.
    private static let coefficientRange = -1 << 30 ... 1 << 30

    static func check(scale: Float) throws(ActionTokenizerError) {
        guard scale.isFinite, scale > 0 else {
            throw ActionTokenizerError("scale: expected a positive number such as 10, found \(scale)")
        }
    }

    /// Rounded coefficients of every chunk: all columns of frequency 0, then of frequency 1, and so on.
    static func coefficients(
        of chunks: ActionChunks,
        scale: Float,
        _ transform: DiscreteCosineTransform
    ) -> [[Int]] {
        let size = chunks.horizon * chunks.dimension
        let (low, high) = (Double(coefficientRange.lowerBound), Double(coefficientRange.upperBound))
        return (0 ..< chunks.count).map { chunk in
            let samples = chunks.values[chunk * size ..< (chunk + 1) * size]
            return transform.coefficients(samples, columns: chunks.dimension).map {
                Int(min(high, max(low, ($0 * Double(scale)).rounded(.toNearestOrEven))))
            }
        }
    }
}
