public import Foundation

/// A fresh folder that is removed with its owner.
///
/// Swift Testing makes a suite anew for every test, so a suite that holds a folder gives each test its own.
public final class TemporaryFolder: Sendable {
    /// Location of the folder.
    public let url: URL

    /// Makes the folder, named after the test that asked for it.
    ///
    /// - Parameters:
    ///   - parent: The folder around it, made where it is missing.
    ///   - testFile: The calling test.
    /// - Throws: When the folder cannot be made.
    public init(
        in parent: URL = FileManager.default.temporaryDirectory,
        testFile: String = #filePath
    ) throws {
        let test = URL(filePath: testFile).deletingPathExtension().lastPathComponent
        url = parent.appending(path: "faster-\(test)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Everything below, hidden files included.
    public var paths: Set<String> {
        let names = FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String }
        return Set(names ?? [])
    }

    /// Location of a file or folder below, whether it exists or not.
    public func appending(path: String) -> URL { url.appending(path: path) }

    /// The content of a file below.
    public subscript(path: String) -> Data {
        get throws { try Data(contentsOf: appending(path: path)) }
    }

    /// Writes `text` to a file below, in folders that are made where they are missing.
    @discardableResult
    public func write(_ text: String, to path: String) throws -> URL {
        let file = appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: file)
        return file
    }

    /// Copies a file or folder to a path below, where it may be damaged.
    public func copy(_ source: String, to path: String) throws {
        try FileManager.default.copyItem(atPath: source, toPath: appending(path: path).path)
    }

    /// Changes the bytes of a file below.
    public func change(_ path: String, _ body: (Data) -> Data) throws {
        try body(try self[path]).write(to: appending(path: path))
    }
}
