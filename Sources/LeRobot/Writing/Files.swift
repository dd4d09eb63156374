import Foundation

/// Creates the folder that a file is to lie in.
func createParent(of file: URL) throws(LeRobotError) {
    do {
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
    } catch {
        throw .unwritable(file: file.deletingLastPathComponent().path, reason: error.localizedDescription)
    }
}

/// Makes sure that a file's content is on the disk.
func synchronize(_ file: URL) throws(LeRobotError) {
    let descriptor = open(file.path, O_RDONLY)
    guard descriptor >= 0 else {
        throw .unwritable(file: file.path, reason: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else {
        throw .unwritable(file: file.path, reason: String(cString: strerror(errno)))
    }
}

/// Makes sure that all files below a folder are on the disk.
func synchronizeAll(below folder: URL) throws(LeRobotError) {
    let paths = FileManager.default.enumerator(atPath: folder.path)
    while let path = paths?.nextObject() as? String { try synchronize(folder.appending(path: path)) }
    try synchronize(folder)
}

/// Name under which a file or folder is written before it gets its own.
func partialPath(for url: URL) -> URL {
    url.deletingLastPathComponent()
        .appending(path: "\(url.lastPathComponent).partial-\(ProcessInfo.processInfo.processIdentifier)")
}

/// Lets `write` fill a file of another name, which then takes the place of `file`.
func writeAside(
    _ file: URL,
    _ write: (URL) throws(LeRobotError) -> Void
) throws(LeRobotError) {
    let partial = partialPath(for: file)
    do throws(LeRobotError) {
        try write(partial)
        try synchronize(partial)
        guard rename(partial.path, file.path) == 0 else {
            throw .unwritable(file: file.path, reason: String(cString: strerror(errno)))
        }
    } catch {
        unlink(partial.path)
        throw error
    }
}
