internal import Foundation
internal import TextTokenizers

extension TextTokenizer {
    /// Tokens of `text`, the part of a prompt that holds images.
    ///
    /// - Parameters:
    ///   - text: Ends in an added token, so that words can follow as if they were encoded with it.
    ///   - placeholder: Token id that the network replaces by image tokens.
    ///   - count: Number of placeholders in `text`.
    ///   - folder: Folder of the tokenizer, for the error.
    /// - Returns: Token ids.
    /// - Throws: ``PretrainedError`` for a tokenizer that gives another number of placeholders: it is not the model's.
    func imageTokens(_ text: String, placeholder: Int, count: Int, folder: URL) throws -> [Int] {
        let tokens = try encoded(text, addsSpecialTokens: false)
        let found = tokens.count { $0 == placeholder }
        guard found == count else {
            throw PretrainedError(
                file: folder.path,
                reason:
                    "the tokenizer should give \(count) image tokens, \(placeholder) by the configuration; it gives \(found)"
            )
        }
        return tokens
    }
}
