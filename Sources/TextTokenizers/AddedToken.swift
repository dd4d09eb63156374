/// A token that is found in the text as it is spelled, before the rest is tokenized: `<image>`, `<|im_start|>`.
///
/// Source: Hugging Face's `AddedToken`.
public struct AddedToken: Equatable, Sendable {
    /// Spelling.
    public var content: String

    /// Identifier.
    public var identifier: Int

    /// True if decoding may leave the token out.
    public var isSpecial = false

    /// True if it is looked for in normalized text, normalized itself.
    public var isNormalized = true

    /// True if white space before the token belongs to it.
    public var stripsLeft = false

    /// True if white space after the token belongs to it.
    public var stripsRight = false

    /// True if it is only found between characters that form no words.
    public var isSingleWord = false
}

/// Entry of a token in a tokenizer's JSON; its identifier may be a key outside of the entry.
struct AddedTokenEntry: Decodable {
    var id: Int?
    var content: String
    var special: Bool?
    var normalized: Bool?
    var lstrip: Bool?
    var rstrip: Bool?
    var singleWord: Bool?

    enum CodingKeys: String, CodingKey {
        case id, content, special, normalized, lstrip, rstrip
        case singleWord = "single_word"
    }

    /// The token, with `identifier`.
    func token(identifier: Int) -> AddedToken {
        AddedToken(
            content: content,
            identifier: identifier,
            isSpecial: special ?? false,
            isNormalized: normalized ?? !(special ?? false),
            stripsLeft: lstrip ?? false,
            stripsRight: rstrip ?? false,
            isSingleWord: singleWord ?? false
        )
    }
}
