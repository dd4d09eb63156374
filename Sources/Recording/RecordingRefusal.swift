public import PolicyServer

/// A robot's message that is not recorded; the connection and the episode's earlier frames stay.
public struct RecordingRefusal: RequestRefusal, Equatable, CustomStringConvertible {
    /// The reason in a sentence.
    public let description: String

    init(_ description: String) { self.description = description }

    init(_ key: String, expected: String, found: String, hint: String = "") {
        description = "\(key): expected \(expected), found \(found)" + (hint.isEmpty ? "" : "; \(hint)")
    }
}
