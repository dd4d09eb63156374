internal import Foundation

/// A file or folder that cannot be written.
public struct DurableFileError: Error, Equatable, CustomStringConvertible {
    /// Path of the file or folder.
    public let path: String

    /// Message of the operating system.
    public let reason: String

    /// The error in a sentence.
    public var description: String { "\(path): cannot be written: \(reason)" }

    init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    init(_ url: URL, _ code: Int32) {
        self.init(path: url.path, reason: String(cString: strerror(code)))
    }
}
