import Foundation
import Synchronization

/// Something odd about a dataset that was passed over.
public struct DatasetWarning: Hashable, Sendable, CustomStringConvertible {
    /// Path of the file or folder at fault.
    public let file: String

    /// Field, column or camera at fault; nil for the file as a whole.
    public let field: String?

    /// The finding, and what was done about it.
    public let text: String

    /// The warning in a sentence.
    public var description: String { "\(file): \(field.map { "'\($0)': " } ?? "")\(text)" }
}

/// Warnings about one dataset, each given once.
final class WarningLog: Sendable {
    private let state = Mutex((seen: Set<String>(), warnings: [DatasetWarning]()))
    private let report: @Sendable (DatasetWarning) -> Void

    /// Creates an empty log, whose warnings go to `report` too.
    init(report: @escaping @Sendable (DatasetWarning) -> Void) { self.report = report }

    /// Warnings so far, in order.
    var warnings: [DatasetWarning] { state.withLock { $0.warnings } }

    /// Adds a warning, unless one with the same file and field, or the same key, is there.
    func add(_ file: String, _ field: String? = nil, _ text: String, once key: String? = nil) {
        let warning = DatasetWarning(file: file, field: field, text: text)
        let isNew = state.withLock { state in
            guard state.seen.insert(key ?? "\(file)\n\(field ?? text)").inserted else { return false }
            state.warnings.append(warning)
            return true
        }
        if isNew { report(warning) }
    }
}
