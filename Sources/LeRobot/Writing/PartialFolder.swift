import Foundation
import Support

/// A dataset's folder while it is written: a temporary folder beside it, which is renamed in the end.
final class PartialFolder {
    /// The folder of the finished dataset.
    let final: URL

    /// The temporary folder, beside the final one so that leftovers are easy to see.
    let url: URL

    private var isCommitted = false

    /// Creates the temporary folder, with its `meta`.
    ///
    /// - Parameter folder: Folder of the dataset; must not exist yet, or be empty.
    /// - Throws: ``LeRobotError/unwritable(file:reason:)``.
    init(for folder: URL) throws(LeRobotError) {
        final = folder.standardizedFileURL
        let content = try? FileManager.default.contentsOfDirectory(atPath: final.path)
        guard content?.isEmpty ?? !FileManager.default.fileExists(atPath: final.path) else {
            throw .unwritable(
                file: final.path,
                reason: "it exists already; choose another folder or remove it"
            )
        }
        let process = ProcessInfo.processInfo.processIdentifier
        url = final.deletingLastPathComponent()
            .appending(path: "\(final.lastPathComponent).partial-\(process)")
        try? FileManager.default.removeItem(at: url)
        do throws(LeRobotError) { try createParent(of: url.appending(path: "meta")) } catch {
            guard case .unwritable(_, let reason) = error else { throw error }
            throw .unwritable(file: final.path, reason: reason)
        }
    }

    deinit { discard() }

    /// Removes the temporary folder, unless it became the final one.
    func discard() {
        if !isCommitted { try? FileManager.default.removeItem(at: url) }
    }

    /// Makes all files durable and renames the folder.
    func commit() throws(LeRobotError) {
        try durably(final) { try DurableFile.synchronizeAll(below: url) }
        // rename(2) replaces an empty folder and refuses any other.
        guard rename(url.path, final.path) == 0 else {
            throw .unwritable(file: final.path, reason: String(cString: strerror(errno)))
        }
        isCommitted = true
        try durably(final) { try DurableFile.synchronize(final.deletingLastPathComponent()) }
    }
}
