/// Actions or tokens that a tokenizer cannot use, or a folder that is not one.
public struct ActionTokenizerError: Error, Equatable, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String

    /// Creates an error from its sentence.
    public init(_ description: String) { self.description = description }
}
