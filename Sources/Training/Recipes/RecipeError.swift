/// A recipe that cannot be followed.
public struct RecipeError: Error, Equatable, CustomStringConvertible {
    /// The file, or the `--set` that was given.
    public let source: String

    /// What was expected and what was found.
    public let reason: String

    /// The error in a sentence.
    public var description: String { "\(source): \(reason)" }
}
