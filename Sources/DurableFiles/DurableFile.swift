public import Foundation

/// Files that are either the old or the new one, whole, whatever interrupts the writer.
public enum DurableFile {
    /// Writes `data` beside `url`, flushes it to the disk and renames it into place.
    ///
    /// - Throws: The system's error, with the path.
    public static func write(_ data: Data, to url: URL) throws {
        try write(to: url) { file in try file.write(contentsOf: data) }
    }

    /// Lets `body` fill a file beside `url`, flushes it to the disk and renames it into place.
    ///
    /// - Throws: What `body` throws, or the system's error with the path; `url` is then untouched.
    public static func write(to url: URL, body: (FileHandle) throws -> Void) throws {
        let aside = partial(of: url)
        let manager = FileManager.default
        try manager.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        guard manager.createFile(atPath: aside.path, contents: nil) else {
            throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: aside.path])
        }
        do {
            let file = try FileHandle(forWritingTo: aside)
            try body(file)
            try file.synchronize()
            try file.close()
            try replace(url, with: aside)
        } catch {
            try? manager.removeItem(at: aside)
            throw error
        }
    }

    /// Lets `body` fill a folder beside `url` and renames it into place, where it replaces a former one.
    ///
    /// - Throws: What `body` throws, or the system's error with the path; `url` is then untouched.
    public static func writeFolder(to url: URL, body: (URL) throws -> Void) throws {
        let aside = partial(of: url)
        let manager = FileManager.default
        try? manager.removeItem(at: aside)
        try manager.createDirectory(at: aside, withIntermediateDirectories: true)
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

    private static func replace(_ url: URL, with aside: URL) throws {
        guard rename(aside.path, url.path) == 0 else {
            throw CocoaError(
                .fileWriteUnknown,
                userInfo: [
                    NSFilePathErrorKey: url.path,
                    NSLocalizedFailureReasonErrorKey: String(cString: strerror(errno)),
                ]
            )
        }
    }
}
