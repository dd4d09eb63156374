public import Foundation

/// Files that are either the old or the new one, whole, whatever interrupts the writer.
public enum DurableFile {
    /// Writes `data` beside `url`, flushes it to the disk and renames it into place.
    ///
    /// - Throws: ``DurableFileError``, with the path.
    public static func write(_ data: Data, to url: URL) throws {
        try write(to: url) { file in try file.write(contentsOf: data) }
    }

    /// Lets `body` fill a file beside `url`, flushes it to the disk and renames it into place.
    ///
    /// - Throws: What `body` throws, or ``DurableFileError`` with the path; `url` is then untouched.
    public static func write(to url: URL, body: (FileHandle) throws -> Void) throws {
        let aside = partial(of: url)
        try naming(url) {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
        }
        let descriptor = open(aside.path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw DurableFileError(url, errno) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try naming(url) {
                try body(file)
                try file.synchronize()
                try file.close()
            }
            guard rename(aside.path, url.path) == 0 else { throw DurableFileError(url, errno) }
        } catch {
            try? FileManager.default.removeItem(at: aside)
            throw error
        }
    }

    /// Lets `body` fill a folder beside `url` and renames it into place, where it replaces a former one.
    ///
    /// - Throws: What `body` throws, or ``DurableFileError`` with the path; `url` is then untouched.
    public static func writeFolder(to url: URL, body: (URL) throws -> Void) throws {
        let aside = partial(of: url)
        let manager = FileManager.default
        try? manager.removeItem(at: aside)
        try naming(url) { try manager.createDirectory(at: aside, withIntermediateDirectories: true) }
        do {
            try body(aside)
            let former = url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).former")
            try? manager.removeItem(at: former)
            if manager.fileExists(atPath: url.path) { try manager.moveItem(at: url, to: former) }
            try manager.moveItem(at: aside, to: url)
            try? manager.removeItem(at: former)
        } catch {
            try? manager.removeItem(at: aside)
            throw error
        }
    }

    /// A name beside `url` that no other process uses.
    private static func partial(of url: URL) -> URL {
        url.deletingLastPathComponent()
            .appending(path: ".\(url.lastPathComponent).partial-\(ProcessInfo.processInfo.processIdentifier)")
    }

    /// Puts the system's errors into a sentence about `url`.
    private static func naming(_ url: URL, _ work: () throws -> Void) throws {
        do { try work() } catch let error as CocoaError {
            let posix = error.underlying as? POSIXError
            // A file that stands where a folder should be made is reported as one that exists.
            throw posix.map { DurableFileError(url, $0.code == .EEXIST ? ENOTDIR : $0.code.rawValue) }
                ?? DurableFileError(path: url.path, reason: error.localizedDescription)
        }
    }
}

/// A file or folder that cannot be written.
public struct DurableFileError: Error, Equatable, CustomStringConvertible {
    /// Path of what was to be written.
    public let path: String

    /// What the system said.
    public let reason: String

    /// The error in a sentence.
    public var description: String { "\(path): cannot be written: \(reason)" }

    fileprivate init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    fileprivate init(_ url: URL, _ code: Int32) {
        self.init(path: url.path, reason: String(cString: strerror(code)))
    }
}
