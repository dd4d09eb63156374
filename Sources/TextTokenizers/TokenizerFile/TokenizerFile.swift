internal import Foundation

/// A Hugging Face `tokenizer.json` without vocabulary and merges, which ``VocabularyReader`` reads.
struct TokenizerFile: Decodable {
    /// Settings of the model.
    struct Model: Decodable {
        var type: String?
        var unknown: String?
        var dropout: Double?
        var prefix: String?
        var suffix: String?
        var fusesUnknown: Bool?
        var hasBytes: Bool?
        var ignoresMerges: Bool?

        enum CodingKeys: String, CodingKey {
            case type, dropout
            case unknown = "unk_token"
            case prefix = "continuing_subword_prefix"
            case suffix = "end_of_word_suffix"
            case fusesUnknown = "fuse_unk"
            case hasBytes = "byte_fallback"
            case ignoresMerges = "ignore_merges"
        }
    }

    var model: Model
    var addedTokens: [AddedTokenEntry]?
    var normalizer: TextNormalizer?
    var splitter: WordSplitter?
    var template: SequenceTemplate?
    var decoder: PieceDecoder?

    private enum CodingKeys: String, CodingKey {
        case model, normalizer, decoder
        case addedTokens = "added_tokens"
        case splitter = "pre_tokenizer"
        case template = "post_processor"
    }

    /// Reads a file.
    ///
    /// - Returns: Its parts and its vocabulary.
    /// - Throws: ``TextTokenizerError`` that names file and key.
    static func read(_ file: URL) throws(TextTokenizerError) -> (TokenizerFile, BytePairVocabulary) {
        guard let data = try? Data(contentsOf: file) else {
            throw TextTokenizerError("\(file.path): is missing or cannot be read")
        }
        do {
            var reader = VocabularyReader(Array(data))
            try reader.read()
            let parts = try JSONDecoder().decode(TokenizerFile.self, from: Data(reader.rest))
            if parts.model.type ?? "BPE" == "BPE", !reader.isComplete {
                throw TextTokenizerError("model: expected 'vocab' and 'merges'")
            }
            return (parts, try BytePairVocabulary(pieces: reader.pieces, merges: reader.merges))
        } catch let DecodingError.dataCorrupted(context) {
            throw TextTokenizerError("\(file.path): \(context.debugDescription)")
        } catch {
            throw TextTokenizerError("\(file.path): \(error)")
        }
    }
}
