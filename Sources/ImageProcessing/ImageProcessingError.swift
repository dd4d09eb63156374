/// A configuration of an image processor that cannot be used, or an image that it cannot process.
public struct ImageProcessingError: Error, Equatable, CustomStringConvertible {
    /// The error in a sentence.
    public let description: String

    /// Creates an error from its sentence.
    public init(_ description: String) { self.description = description }
}
