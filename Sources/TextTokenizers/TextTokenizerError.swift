/// A folder that is no text tokenizer, or one with a part that is not supported.
public struct TextTokenizerError: Error, Equatable, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String

    /// Creates an error from its sentence.
    public init(_ description: String) { self.description = description }
}
