/// Text as the bytes of its UTF-8 form: needs no vocabulary and no download.
public struct ByteTokenizer: Sendable {
    /// Number of ids: a padding id and one for every byte.
    public static let vocabularySize = 257

    /// The id that stands for no text.
    public static let padding = 0

    /// Creates the tokenizer.
    public init() {}

    /// One id in `1 ... 256` for every byte of `text`.
    public func ids(for text: String) -> [Int] { text.utf8.map { Int($0) + 1 } }
}
