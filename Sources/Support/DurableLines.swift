public import Foundation

/// A text file that grows by whole lines, each of them on the disk before ``append(_:)`` returns.
///
/// An interruption leaves at most a last line that is not whole, which has no line feed.
public final class DurableLines: Sendable {
    private let url: URL
    private let descriptor: Int32

    /// Opens a file that exists, and cuts it to its first `length` bytes.
    ///
    /// - Throws: ``DurableFileError``, with the path.
    public init(_ url: URL, keeping length: Int) throws {
        let opened = open(url.path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard opened >= 0 else { throw DurableFileError(url, errno) }
        guard ftruncate(opened, off_t(length)) == 0 else {
            let code = errno
            close(opened)
            throw DurableFileError(url, code)
        }
        (self.url, descriptor) = (url, opened)
    }

    deinit { close(descriptor) }

    /// Appends `line`, without its line feed, and flushes it to the disk.
    ///
    /// - Throws: ``DurableFileError``, with the path; the file may then end with a part of the line.
    public func append(_ line: Data) throws {
        var rest = [UInt8](line + Data("\n".utf8))[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw DurableFileError(url, errno) }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw DurableFileError(url, errno) }
    }
}
