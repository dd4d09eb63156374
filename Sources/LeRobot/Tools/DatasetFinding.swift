/// Something that ``DatasetCheck`` or ``DatasetDifferences`` found.
public struct DatasetFinding: Codable, Hashable, Sendable, CustomStringConvertible {
    /// Seriousness of a finding.
    public enum Severity: String, Codable, Sendable {
        /// Data that cannot be used, or is wrong.
        case error
        /// Something odd that reading passes over.
        case warning
        /// Something to look at, which may be right.
        case note
    }

    /// Seriousness.
    public let severity: Severity

    /// Path of the file or folder at fault.
    public let file: String

    /// Field, column or camera at fault; nil for the file as a whole.
    public let field: String?

    /// The finding in words; what was expected and found.
    public let text: String

    /// The finding in a sentence.
    public var description: String {
        "\(severity.rawValue): \(file): \(field.map { "'\($0)': " } ?? "")\(text)"
    }
}

extension DatasetFinding {
    /// The finding that an error is.
    init(severity: Severity, _ error: LeRobotError, folder: String) {
        self.severity = severity
        switch error {
        case .wrongField(let path, let name, let expected, let found):
            (file, field, text) = (path, name, "expected \(expected), found \(found)")
        case .missingFile(let path, let needed):
            (file, field, text) = (path, nil, "no such file, but \(needed)")
        case .unreadable(let path, let reason): (file, field, text) = (path, nil, "cannot be read: \(reason)")
        case .video(let path, let at, let reason): (file, field, text) = (path, at, reason)
        default: (file, field, text) = (folder, nil, error.description)
        }
    }
}
