public import Foundation

/// Atomic file writes: after any interruption, a file is either the old or the new one.
public enum DurableFile {
    /// Writes `data` beside `url`, flushes it to the disk and renames it to `url`.
    ///
    /// - Throws: ``DurableFileError``, with the path.
    public static func write(_ data: Data, to url: URL) throws {
        try write(to: url) { file in try file.write(contentsOf: data) }
    }

    /// Writes `value` as JSON that people can read and compare, as ``write(_:to:)`` does.
    ///
    /// - Throws: `EncodingError` when `value` has no JSON, or ``DurableFileError`` with the path.
    public static func writeJSON(_ value: some Encodable, to url: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try write(encoder.encode(value), to: url)
    }

    /// Lets `body` fill a file beside `url`, flushes it to the disk and renames it to `url`.
    ///
    /// - Throws: Errors of `body`, or ``DurableFileError`` with the path; `url` is then untouched.
    public static func write(to url: URL, body: (FileHandle) throws -> Void) throws {
        try replace(url) { aside in
            let descriptor = open(aside.path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else { throw DurableFileError(url, errno) }
            let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            try body(file)
            try file.close()
        }
    }

    /// Lets `body` make a file beside `url`, flushes it to the disk and renames it to `url`.
    ///
    /// Folders that are missing are made, and files that writers of `url` left beside it when they were killed are removed.
    ///
    /// - Parameters:
    ///   - url: The file that is made or replaced.
    ///   - body: Makes the file, at the path that it is handed.
    /// - Throws: Errors of `body`, or ``DurableFileError`` with the path, also where it is a device or a pipe; `url` is then
    ///   untouched, unless only its folder could not be flushed.
    public static func replace(_ url: URL, body: (URL) throws -> Void) throws {
        let aside = partial(of: url)
        try createParent(of: url)
        try checkKind(of: url)
        removeAbandoned(beside: url)
        do {
            try naming(url) { try body(aside) }
            try flush(aside, for: url)
            guard rename(aside.path, url.path) == 0 else { throw DurableFileError(url, errno) }
        } catch {
            unlink(aside.path)
            throw error
        }
        try flush(url.deletingLastPathComponent(), for: url)
    }

    /// Makes the folder that a file is to lie in, and those above it.
    ///
    /// - Throws: ``DurableFileError``, with the path of the file.
    public static func createParent(of url: URL) throws {
        try naming(url) {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
        }
    }

    /// Flushes the contents of a file, or the entries of a folder, to the disk.
    ///
    /// - Throws: ``DurableFileError``, with the path.
    public static func synchronize(_ url: URL) throws { try flush(url, for: url) }

    /// Renames a file to `url`, of which a file may exist already, and flushes the folders that changed.
    ///
    /// The file's contents have to be on the disk already: ``synchronize(_:)``.
    ///
    /// - Throws: ``DurableFileError``, with the path of `url`.
    public static func move(_ file: URL, to url: URL) throws {
        var changed = [url.deletingLastPathComponent()]
        // A folder that is made changes the one above it.
        while let folder = changed.last, folder.path != "/",
            !FileManager.default.fileExists(atPath: folder.path)
        {
            changed.append(folder.deletingLastPathComponent())
        }
        try createParent(of: url)
        guard rename(file.path, url.path) == 0 else { throw DurableFileError(url, errno) }
        for folder in changed { try flush(folder, for: url) }
    }

    /// Makes sure that all files below a folder are on the disk.
    ///
    /// - Throws: ``DurableFileError``, with the path of the first one that cannot be flushed.
    public static func synchronizeAll(below folder: URL) throws {
        let paths = FileManager.default.enumerator(atPath: folder.path)
        while let path = paths?.nextObject() as? String { try synchronize(folder.appending(path: path)) }
        try synchronize(folder)
    }
}

extension DurableFile {
    /// Refuses to put a file in the place of a device or a pipe, such as `/dev/null`.
    private static func checkKind(of url: URL) throws {
        var status = stat()
        guard stat(url.path, &status) == 0 else { return }
        guard [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) else {
            throw DurableFileError(path: url.path, reason: "is a device or a pipe, where a file is expected")
        }
    }

    /// Flushes `file`; errors name `url`, the path that the caller knows.
    private static func flush(_ file: URL, for url: URL) throws {
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DurableFileError(url, errno) }
        defer { close(descriptor) }
        // Some file systems cannot flush a folder, and say so with EINVAL.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw DurableFileError(url, errno) }
    }

    /// Beginning of the names of partial files of `url`; the identifier of the writing process follows.
    private static func partialPrefix(of url: URL) -> String { ".\(url.lastPathComponent).partial-" }

    /// A name beside `url` that no other process uses.
    private static func partial(of url: URL) -> URL {
        let name = partialPrefix(of: url) + String(ProcessInfo.processInfo.processIdentifier)
        return url.deletingLastPathComponent().appending(path: name)
    }

    /// Removes partial files of `url` whose writers are gone.
    private static func removeAbandoned(beside url: URL) {
        let (folder, prefix) = (url.deletingLastPathComponent(), partialPrefix(of: url))
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for name in names where name.hasPrefix(prefix) {
            guard let process = Int32(name.dropFirst(prefix.count)), process > 0, !isAlive(process) else {
                continue
            }
            unlink(folder.appending(path: name).path)
        }
    }

    /// Returns true if there is a process of this number, whoever's it is.
    private static func isAlive(_ process: Int32) -> Bool { kill(process, 0) == 0 || errno != ESRCH }

    /// Puts Foundation's errors about files into a sentence about `url`.
    private static func naming(_ url: URL, _ work: () throws -> Void) throws {
        do { try work() } catch {
            let system = error as NSError
            guard system.domain == NSCocoaErrorDomain else { throw error }
            let underlying = system.userInfo[NSUnderlyingErrorKey] as? any Error
            let cause = (error as? CocoaError)?.underlying ?? underlying
            // A file that stands where a folder should be made is reported as one that exists.
            throw code(of: cause).map { DurableFileError(url, $0 == EEXIST ? ENOTDIR : $0) }
                ?? DurableFileError(path: url.path, reason: error.localizedDescription)
        }
    }

    /// The system's error number; nil where `cause` is no error of the system's.
    private static func code(of cause: (any Error)?) -> Int32? {
        guard let cause else { return nil }
        let error = cause as NSError
        return error.domain == NSPOSIXErrorDomain ? Int32(exactly: error.code) : nil
    }
}
