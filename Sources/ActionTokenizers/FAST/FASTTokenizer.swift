public import RobotTypes
internal import Support

/// FAST: DCT along time, scaled and rounded, low frequencies first, then byte-pair encoding (arXiv 2501.09747).
///
/// The number of tokens depends on the chunk.
/// Departure: tokens that do not decode to a whole chunk are an error, where the public processor prints one and
/// returns zeros; coefficients outside the fitted range are moved to its end on both sides, where the public
/// processor drops those above; where the vocabulary is too small for the training data, values are clipped, where the public processor
/// cannot be fitted; neighbours are joined as integers, where the public processor first splits them
/// as if they were English text.
public struct FASTTokenizer: FolderTokenizer, Equatable {
    /// Settings and fitted vocabulary.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Factor of coefficients before they are rounded.
        public var scale: Float

        /// The coefficient of symbol 0.
        public var smallestCoefficient: Int

        /// Number of coefficients that have a symbol, from the smallest on.
        public var alphabetSize: Int

        /// Size beyond which normalised values are clipped before the cosine transform; nil where none is.
        public var limit: Float?

        /// Pairs of symbols in the order in which they are merged; pair `i` becomes symbol `alphabetSize + i`.
        public var merges: [BytePairEncoding.Pair]
    }

    /// `fast`.
    public static let names = ["fast"]

    /// Settings and fitted vocabulary.
    public let configuration: Configuration

    /// Number of control steps of a chunk.
    public let horizon: Int

    /// Map between the robot's units and normalised ones.
    public let normalization: Normalization

    let encoding: BytePairEncoding
    private let transform: DiscreteCosineTransform

    /// Creates the tokenizer of a fitted vocabulary.
    ///
    /// - Throws: `InvalidValue` that names the setting, what was expected and what was found.
    public init(
        _ configuration: Configuration,
        horizon: Int,
        normalization: Normalization
    ) throws {
        try normalization.check(columns: normalization.statistics.dimension)
        try Validation.require(["horizon": horizon], in: ActionTokenizerLimits.horizon)
        try Self.check(scale: configuration.scale)
        try Validation.require(["limit": Double(configuration.limit ?? 1)], above: 0)
        let smallest = configuration.smallestCoefficient
        try Validation.require(["smallestCoefficient": smallest], in: Self.coefficientRange)
        self.configuration = configuration
        self.horizon = horizon
        self.normalization = normalization
        encoding = try BytePairEncoding(
            alphabetSize: configuration.alphabetSize,
            merges: configuration.merges
        )
        transform = DiscreteCosineTransform(length: horizon)
    }

    /// `fast`.
    public var name: String { Self.names[0] }

    /// The fitted limit.
    public var normalizedLimit: Float? { configuration.limit }

    /// Variable length, from one vocabulary.
    public var layout: TokenLayout { .variableLength(vocabularySize: encoding.vocabularySize) }
}

extension FASTTokenizer {
    /// Tokens of normalised chunks; values beyond the limit, and coefficients outside the fitted range, are moved to its
    /// nearer end.
    ///
    /// - Throws: ``ActionTokenizerError`` when a chunk has another shape or a value that is not finite.
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        try check(chunks)
        let last = encoding.alphabetSize - 1
        let chunks = Self.clipped(chunks, limit: configuration.limit)
        return Self.coefficients(of: chunks, scale: configuration.scale, transform).map { word in
            encoding.encoded(word.map { min(last, max(0, $0 - configuration.smallestCoefficient)) })
        }
    }

    /// Normalised chunks of tokens.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the chunk when a token is outside the vocabulary or the tokens
    ///   do not stand for `horizon * dimension` coefficients.
    public func unclippedChunks(for tokens: [[Int]]) throws -> ActionChunks {
        try chunks(ofSymbols: tokens) { list throws(ActionTokenizerError) in
            try encoding.decoded(list, length: horizon * dimension)
        }
    }

    /// Normalised chunks of token sequences that may stand for too few coefficients or too many.
    ///
    /// Coefficients come low frequencies first, so missing ones count as 0, a smoother motion, and surplus ones are dropped. The
    /// public processor returns a chunk of zeros in both cases.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the chunk when a token is outside the vocabulary.
    public func unclippedChunks(forSampled tokens: [[Int]]) throws -> ActionChunks {
        let size = horizon * dimension
        let zero = min(encoding.alphabetSize - 1, max(0, -configuration.smallestCoefficient))
        return try chunks(ofSymbols: tokens) { list throws(ActionTokenizerError) in
            if let token = list.first(where: { !(0 ..< encoding.vocabularySize).contains($0) }) {
                throw ActionTokenizerError(
                    "expected tokens in 0 ..< \(encoding.vocabularySize), found \(token)"
                )
            }
            let symbols = encoding.expanded(list, atMost: size)
            return symbols + Array(repeating: zero, count: size - symbols.count)
        }
    }

    /// Normalised chunks of the symbols that `expand` makes of every token sequence, `horizon * dimension` of them.
    private func chunks(
        ofSymbols tokens: [[Int]],
        _ expand: ([Int]) throws(ActionTokenizerError) -> [Int]
    ) throws(ActionTokenizerError) -> ActionChunks {
        var values: [Float] = []
        values.reserveCapacity(tokens.count * horizon * dimension)
        for (chunk, list) in tokens.enumerated() {
            do throws(ActionTokenizerError) {
                let coefficients = try expand(list).map {
                    Double($0 + configuration.smallestCoefficient) / Double(configuration.scale)
                }
                values += transform.samples(coefficients, columns: dimension)
            } catch {
                throw ActionTokenizerError("chunk \(chunk): \(error)")
            }
        }
        return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
    }

    /// Coefficients beyond it are cut: no robot moves so far, and rounding them would overflow.
    private static let coefficientRange = -1 << 30 ... 1 << 30

    static func check(scale: Float) throws(InvalidValue) {
        try Validation.require(["scale": Double(scale)], above: 0)
    }

    /// Normalised chunks whose values are at most `limit` in size.
    static func clipped(_ chunks: ActionChunks, limit: Float?) -> ActionChunks {
        guard let limit else { return chunks }
        return chunks.mapValues { $0.map { min(limit, max(-limit, $0)) } }
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
