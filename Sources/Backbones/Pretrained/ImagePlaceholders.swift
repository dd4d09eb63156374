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

/// Words of a prompt that a network cannot read.
public struct PromptError: Error, Equatable, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String

    /// Checks the tokens of an instruction, which a robot or a dataset may spell as it likes.
    ///
    /// - Parameters:
    ///   - tokens: Token ids.
    ///   - placeholder: Token id that image tokens take the place of.
    ///   - rows: Rows of the token embedding.
    ///   - spelling: Spelling of a token; nil for one that the text tokenizer lacks.
    /// - Throws: ``PromptError`` for a placeholder, which no image belongs to, and for a token without an embedding.
    package static func check(
        _ tokens: [Int],
        placeholder: Int,
        rows: Int,
        spelling: (Int) -> String?
    ) throws(PromptError) {
        guard let token = tokens.first(where: { $0 == placeholder || !(0 ..< rows).contains($0) }) else {
            return
        }
        let name = spelling(token).map { "'\($0)'" } ?? "token \(token)"
        throw PromptError(
            description: token == placeholder
                ? "instruction: expected words, found \(name), which stands for an image; leave it out"
                : "instruction: \(name) is one of the text tokenizer's tokens, and not of the network's \(rows): take the "
                    + "text tokenizer of the network"
        )
    }
}
