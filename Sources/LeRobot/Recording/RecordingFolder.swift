import Foundation
import Support

/// The hidden folder inside a growing dataset that holds what is not part of it yet, and keeps other recorders away.
final class RecordingFolder: Sendable {
    /// Name of the folder.
    static let name = ".recording"

    /// The folder.
    let url: URL

    /// True if an earlier recorder was interrupted.
    let isRecovery: Bool

    private let lock: Int32

    /// Makes the folder inside `dataset`, or takes over and empties one whose recorder is gone.
    ///
    /// - Throws: ``LeRobotError/unwritable(file:reason:)`` where another recorder is at work.
    init(in dataset: URL) throws(LeRobotError) {
        url = dataset.appending(path: Self.name)
        isRecovery = FileManager.default.fileExists(atPath: url.path)
        let file = url.appending(path: "lock")
        try createParent(of: file)
        lock = open(file.path, O_CREAT | O_RDWR | O_CLOEXEC, 0o666)
        guard lock >= 0 else { throw .unwritable(file: file.path, reason: String(cString: strerror(errno))) }
        // The system gives the lock back when the process ends, however it does.
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            throw .unwritable(file: dataset.path, reason: "another program is recording into it")
        }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        where name != "lock" {
            try? FileManager.default.removeItem(at: url.appending(path: name))
        }
    }

    deinit {
        guard lock >= 0 else { return }
        // Another program that is being started may hold the file open, too.
        flock(lock, LOCK_UN)
        close(lock)
    }

    /// Removes the folder.
    func remove() { try? FileManager.default.removeItem(at: url) }
}
