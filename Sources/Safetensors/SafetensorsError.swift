/// An invalid safetensors file.
public struct SafetensorsError: Error, Equatable, CustomStringConvertible {
    /// Path of the file.
    public let file: String

    /// Field, expected and found value.
    public let reason: String

    /// The error in a sentence.
    public var description: String { "\(file): \(reason)" }
}
