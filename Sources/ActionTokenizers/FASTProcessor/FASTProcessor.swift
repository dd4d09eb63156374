internal import Foundation
public import RobotTypes
internal import Support
internal import TextTokenizers

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

    private let tokenizer: TextTokenizer
    private let transform: DiscreteCosineTransform

    /// The nearest character that can be spelled, for every character that takes at most two bytes.
    private let nearest: [Unicode.Scalar]

    init(
        horizon: Int,
        normalization: Normalization,
        scale: Float,
        smallest: Int,
        vocabulary: Data,
        tokenizer: TextTokenizer,
        nearest: [Unicode.Scalar]
    ) throws {
        try normalization.check(columns: normalization.statistics.dimension)
        try Validation.require(["time_horizon": horizon], in: ActionTokenizerLimits.horizon)
        try FASTTokenizer.check(scale: scale)
        try Validation.require(["min_token": smallest], in: Self.smallestRange)
        self.horizon = horizon
        self.normalization = normalization
        self.scale = scale
        self.smallest = smallest
        self.vocabulary = vocabulary
        self.tokenizer = tokenizer
        transform = DiscreteCosineTransform(length: horizon)
        self.nearest = nearest
    }

    private static let largestCharacter = 0x7FF

    /// Bounds of the coefficient of character 0.
    static let smallestRange = -largestCharacter ... largestCharacter

    private static let characters = (0 ... UInt32(largestCharacter)).compactMap(Unicode.Scalar.init)

    /// The nearest character that `tokenizer` can spell, for every character that takes at most two bytes.
    ///
    /// - Throws: ``ActionTokenizerError`` when it can spell none.
    static func nearestSpelled(by tokenizer: TextTokenizer) throws -> [Unicode.Scalar] {
        let known = try characters.filter { character in
            let tokens = try tokenizer.encoded(String(character), addsSpecialTokens: false)
            return try text(of: tokens, tokenizer) == [character]
        }.map { Int($0.value) }
        guard !known.isEmpty else { throw ActionTokenizerError("vocabulary: spells no coefficient") }
        return characters.map { character in
            let number = Int(character.value)
            let index = known.firstIndex { $0 >= number } ?? known.count - 1
            let below = known[max(0, index - 1)]
            return characters[abs(known[index] - number) <= abs(number - below) ? known[index] : below]
        }
    }

    /// The text of tokens; nil where one is not of the vocabulary or their bytes are not UTF-8.
    private static func text(of tokens: [Int], _ tokenizer: TextTokenizer) throws -> [Unicode.Scalar]? {
        guard tokens.allSatisfy({ tokenizer.spelling(of: $0) != nil }) else { return nil }
        let text = try Array(tokenizer.decoded(tokens).unicodeScalars)
        return text.contains("\u{FFFD}") ? nil : text
    }

    /// Returns true if both give the same tokens.
    public static func == (left: FASTProcessor, right: FASTProcessor) -> Bool {
        left.horizon == right.horizon && left.normalization == right.normalization
            && left.scale == right.scale && left.smallest == right.smallest
            && left.vocabulary == right.vocabulary
    }

    /// `fast+`.
    public var name: String { "fast+" }

    /// Variable length, from one vocabulary.
    public var layout: TokenLayout { .variableLength(vocabularySize: tokenizer.vocabularySize) }

    /// Tokens of normalised chunks.
    ///
    /// - Throws: ``ActionTokenizerError`` when a chunk has another shape or a value that is not finite.
    public func tokens(for chunks: ActionChunks) throws -> [[Int]] {
        try check(chunks)
        return try FASTTokenizer.coefficients(of: chunks, scale: scale, transform).map { word in
            var text = String.UnicodeScalarView()
            text.append(
                contentsOf: word.map { nearest[min(Self.largestCharacter, max(0, $0 - smallest))] }
            )
            return try tokenizer.encoded(String(text), addsSpecialTokens: false)
        }
    }

    /// Normalised chunks of tokens.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the chunk when its tokens are not a text of `horizon * dimension`
    ///   characters.
    public func unclippedChunks(for tokens: [[Int]]) throws -> ActionChunks {
        var values: [Float] = []
        for (chunk, symbols) in tokens.enumerated() {
            guard let text = try Self.text(of: symbols, tokenizer) else {
                throw ActionTokenizerError("chunk \(chunk): the \(symbols.count) tokens are not a text")
            }
            guard text.count == horizon * dimension else {
                throw ActionTokenizerError(
                    "chunk \(chunk): the \(symbols.count) tokens stand for \(text.count) coefficients, expected "
                        + "\(horizon * dimension)"
                )
            }
            values += samples(text)
        }
        return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
    }

    /// Normalised chunks of token sequences whose text may be too short or too long, or end within a character.
    ///
    /// As FAST's: the text ends where it cannot be read, missing coefficients count as 0, and surplus ones are dropped.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the chunk when a token is outside the vocabulary.
    public func unclippedChunks(forSampled tokens: [[Int]]) throws -> ActionChunks {
        var values: [Float] = []
        for (chunk, list) in tokens.enumerated() {
            if let token = list.first(where: { tokenizer.spelling(of: $0) == nil }) {
                throw ActionTokenizerError("chunk \(chunk): token \(token) is not in the vocabulary")
            }
            values += samples(try tokenizer.decoded(list).unicodeScalars.prefix { $0 != "\u{FFFD}" })
        }
        return ActionChunks(count: tokens.count, horizon: horizon, dimension: dimension, values: values)
    }

    /// The chunk that a text spells, cut or with coefficients of 0 where it has another length.
    private func samples(_ text: some Collection<Unicode.Scalar>) -> [Float] {
        let count = horizon * dimension
        var coefficients = text.prefix(count).map { Double(Int($0.value) + smallest) / Double(scale) }
        coefficients += Array(repeating: 0, count: count - coefficients.count)
        return transform.samples(coefficients, columns: dimension)
    }
}
