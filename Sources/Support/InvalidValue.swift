/// A validation error: a value that a recipe, configuration or option cannot have.
public struct InvalidValue: Error, Equatable, Sendable, CustomStringConvertible {
    /// Path to the value, keys with dots between them: `optimizer.learningRate`, `cameras[1].height`.
    public let key: String

    /// The requirement, as it follows "should be": `at least 1`.
    public let expected: String

    /// The value, as a person would write it.
    public let found: String

    /// Remedy, as a clause of its own; nil where the requirement suffices.
    public let remedy: String?

    /// Describes a value that does not meet a requirement.
    public init(_ key: String, expected: String, found: some Any, remedy: String? = nil) {
        self.key = key
        self.expected = expected
        self.found = "\(found)"
        self.remedy = remedy
    }

    /// The error in a sentence.
    public var description: String {
        "'\(key)' should be \(expected), found \(found)" + (remedy.map { "; \($0)" } ?? "")
    }

    /// The same error of a value that lies in the group of keys at `group`.
    public func inside(_ group: String) -> InvalidValue {
        let path = key.hasPrefix("[") ? group + key : "\(group).\(key)"
        return InvalidValue(path, expected: expected, found: found, remedy: remedy)
    }
}

/// Settings that can be checked before anything is made of them.
public protocol Validatable {
    /// Checks every value.
    ///
    /// - Throws: ``InvalidValue`` for the first value that cannot be worked with.
    func validate() throws(InvalidValue)
}
