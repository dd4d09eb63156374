public import Foundation
public import RobotTypes
internal import Support
internal import TextTokenizers

/// The vocabulary of the public FAST processor, such as FAST+ (arXiv 2501.09747), for a language model that writes its tokens:
/// what each of them stands for, and the chunk of what they spell.
///
/// A chunk is a text whose characters are its coefficients minus the smallest one, low frequencies first; tokens are of the
/// text's bytes, so that a token may end in the middle of a character.
public struct FASTVocabulary: Sendable {
    /// Bytes of every token; nil for a number that is none.
    public let bytes: [[UInt8]?]

    /// Factor of coefficients before they are rounded.
    public let scale: Float

    /// The coefficient of character 0.
    public let smallest: Int

    private struct Configuration: Decodable {
        var scale: Float
        var smallest: Int

        enum CodingKeys: String, CodingKey {
            case scale
            case smallest = "min_token"
        }
    }

    /// Reads a folder of the public processor: `processor_config.json`, and `tokenizer.json` beside it or, as transformers 5
    /// wants it, in `bpe_tokenizer/`.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the file that is missing or cannot be understood.
    public init(loading folder: URL) throws(ActionTokenizerError) {
        let file = folder.appending(path: "processor_config.json")
        let configuration = try TokenizerFolder.decode(Configuration.self, from: file)
        try TokenizerFolder.naming(file) {
            try FASTTokenizer.check(scale: configuration.scale)
            try Validation.require(["min_token": configuration.smallest], in: FASTProcessor.smallestRange)
        }
        let places = ["bpe_tokenizer/tokenizer.json", "tokenizer.json"].map { folder.appending(path: $0) }
        let vocabulary = places.first { FileManager.default.fileExists(atPath: $0.path) } ?? places[1]
        let tokenizer: TextTokenizer
        do {
            tokenizer = try TextTokenizer(file: vocabulary)
        } catch {
            throw ActionTokenizerError("\(error)")
        }
        guard tokenizer.isByteLevel else {
            throw ActionTokenizerError("\(vocabulary.path): expected byte-level byte-pair encoding")
        }
        bytes = (0 ..< tokenizer.vocabularySize).map(tokenizer.bytes)
        (scale, smallest) = (configuration.scale, configuration.smallest)
    }

    /// The normalised chunk that a text spells.
    ///
    /// A text of another length is cut, or its coefficients of the highest frequencies are 0.
    ///
    /// - Parameters:
    ///   - text: Characters, one a coefficient.
    ///   - transform: The transform of a chunk's steps.
    ///   - dimension: Number of columns.
    /// - Returns: The chunk, `[horizon, dimension]`.
    public func chunk(
        of text: some Collection<Unicode.Scalar>,
        _ transform: DiscreteCosineTransform,
        dimension: Int
    ) -> ActionChunk {
        let count = transform.length * dimension
        var coefficients = text.prefix(count).map { Double(Int($0.value) + smallest) / Double(scale) }
        coefficients += Array(repeating: 0, count: count - coefficients.count)
        return ActionChunk(
            horizon: transform.length,
            dimension: dimension,
            values: transform.samples(coefficients, columns: dimension)
        )
    }
}
