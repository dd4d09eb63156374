public import Foundation

/// A lock on a folder that keeps other programs from writing into it, too.
///
/// It is the system's lock of the folder itself (`flock`), which ends with its owner or with the process, however that ends.
/// File systems without such locks keep nobody away.
public final class FolderLock {
    private let folder: URL

    /// Descriptor of the locked folder; negative without a lock.
    private var descriptor: Int32 = -1

    /// A lock on `folder` that is not acquired yet.
    public init(_ folder: URL) { self.folder = folder }

    deinit {
        guard descriptor >= 0 else { return }
        // A process that is being started has a copy of the descriptor, which would keep the lock a little longer.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Locks the folder, which is made where it is missing; once acquired, a lock stays.
    ///
    /// - Throws: ``DurableFileError`` where another one holds the lock, or the folder cannot be made.
    public func acquire() throws {
        guard descriptor < 0 else { return }
        try DurableFile.createParent(of: folder.appending(path: "file"))
        let opened = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard opened >= 0 else { throw DurableFileError(folder, errno) }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 || errno != EAGAIN else {
            close(opened)
            throw DurableFileError(
                path: folder.path,
                reason: "another program is writing into it; choose another folder, or wait for its end"
            )
        }
        descriptor = opened
    }
}
