internal import Foundation
public import RobotTypes
internal import Support

/// FAST with the vocabulary of the public processor, such as FAST+ (arXiv 2501.09747).
///
/// A coefficient is the character numbered by it minus the smallest one, a chunk is a text, and its tokens are those of
/// a byte-level vocabulary.
/// Departure: tokens that do not decode to a whole chunk are an error, where the public processor prints one and
/// returns zeros; coefficients that the vocabulary cannot spell are moved to the nearest that it can.
public struct FASTProcessor: ActionTokenizer, Equatable {
    /// Number of control steps of a chunk.
    public let horizon: Int

    /// Map between the robot's units and normalised ones.
    public let normalization: Normalization

    /// Factor of coefficients before they are rounded.
    public let scale: Float

    /// The coefficient of character 0.
    public let smallest: Int

    /// `tokenizer.json` as the public processor saved it.
    let vocabulary: Data

    private let encoding: ByteLevelEncoding
    private let transform: DiscreteCosineTransform

    /// The nearest character that can be spelled, for every character that takes at most two bytes.
    private let nearest: [Unicode.Scalar]

    init(
        horizon: Int,
        normalization: Normalization,
        scale: Float,
        smallest: Int,
        vocabulary: Data,
        encoding: ByteLevelEncoding
    ) throws {
        try normalization.check(columns: normalization.statistics.dimension)
        try Validation.require(["time_horizon": horizon], in: ActionTokenizerLimits.horizon)
        try FASTTokenizer.check(scale: scale)
        try Validation.require(["min_token": smallest], in: -Self.largestCharacter ... Self.largestCharacter)
        let known = try Self.spelled(by: encoding)
        self.horizon = horizon
        self.normalization = normalization
        self.scale = scale
        self.smallest = smallest
        self.vocabulary = vocabulary
        self.encoding = encoding
        transform = DiscreteCosineTransform(length: horizon)
        nearest = Self.characters.map { character in
            let number = Int(character.value)
            let index = known.firstIndex { $0 >= number } ?? known.count - 1
            let below = known[max(0, index - 1)]
            return Self.characters[abs(known[index] - number) <= abs(number - below) ? known[index] : below]
        }
    }

    private static let largestCharacter = 0x7FF

    private static let characters = (0 ... UInt32(largestCharacter)).compactMap(Unicode.Scalar.init)

    /// Numbers of the characters of at most two bytes that `encoding` can spell.
    ///
    /// - Throws: ``ActionTokenizerError`` when there is none.
    static func spelled(by encoding: ByteLevelEncoding) throws(ActionTokenizerError) -> [Int] {
        let known = characters.filter { encoding.canSpell([$0]) }.map { Int($0.value) }
        guard !known.isEmpty else { throw ActionTokenizerError("vocabulary: spells no coefficient") }
        return known
    }

    /// `fast+`.
    public var name: String { "fast+" }

    /// Variable length, from one vocabulary.
    public var layout: TokenLayout { .variableLength(vocabularySize: encoding.vocabularySize) }

    /// Tokens of normalised chunks.
    ///
    /// - Throws: ``ActionTokenizerError`` when a chunk has another shape or a value that is not finite.
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        try check(chunks)
        return FASTTokenizer.coefficients(of: chunks, scale: scale, transform).map { word in
            encoding.encoded(word.map { nearest[min(Self.largestCharacter, max(0, $0 - smallest))] })
        }
    }

    /// Normalised chunks of tokens.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the chunk when its tokens are not a text of `horizon * dimension`
    ///   characters.
    public func unclippedChunks(for tokens: [[Int]]) throws -> ActionChunks {
        var values: [Float] = []
        for (chunk, symbols) in tokens.enumerated() {
            guard let text = encoding.decoded(symbols) else {
                throw ActionTokenizerError("chunk \(chunk): the \(symbols.count) tokens are not a text")
            }
            guard text.count == horizon * dimension else {
                throw ActionTokenizerError(
                    "chunk \(chunk): the \(symbols.count) tokens stand for \(text.count) coefficients, expected "
                        + "\(horizon * dimension)"
                )
            }
            let coefficients = text.map { Double(Int($0.value) + smallest) / Double(scale) }
            values += transform.samples(coefficients, columns: dimension)
        }
        return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
    }
}
