public import Foundation
public import NN

/// Folder of a published model, as downloaded from the Hub: `config.json` and safetensors files.
public struct PretrainedFolder: Sendable {
    /// Location.
    public let url: URL

    /// `config.json`.
    public let configuration: PublishedConfiguration

    /// The weights.
    public let checkpoint: ShardedCheckpoint

    /// Opens a folder, or the Hub's local cache of a model.
    ///
    /// - Parameter name: Path of a folder, or `owner/model`.
    /// - Throws: ``PretrainedError`` when there is neither; the errors of checkpoints.
    public init(_ name: String) throws {
        try self.init(url: Self.locate(name))
    }

    /// Opens the folder at `url`.
    ///
    /// - Throws: ``PretrainedError``; the errors of checkpoints.
    public init(url: URL) throws {
        self.url = url
        configuration = try PublishedConfiguration(of: url)
        checkpoint = try ShardedCheckpoint(reading: url)
    }

    /// Folder of `name`: a path, or a snapshot in the Hub's cache (`HF_HUB_CACHE`, `HF_HOME`, `~/.cache/huggingface`).
    ///
    /// - Throws: ``PretrainedError`` when there is neither.
    public static func locate(_ name: String) throws(PretrainedError) -> URL {
        let path = URL(filePath: (name as NSString).expandingTildeInPath)
        if FileManager.default.fileExists(atPath: path.path) { return path }
        let environment = ProcessInfo.processInfo.environment
        let home = environment["HF_HOME"] ?? NSHomeDirectory() + "/.cache/huggingface"
        let cache = URL(filePath: environment["HF_HUB_CACHE"] ?? home + "/hub")
        let model = cache.appending(path: "models--" + name.replacingOccurrences(of: "/", with: "--"))
        if let revision = try? String(contentsOf: model.appending(path: "refs/main"), encoding: .utf8) {
            let snapshot = revision.trimmingCharacters(in: .whitespacesAndNewlines)
            return model.appending(path: "snapshots/\(snapshot)")
        }
        throw PretrainedError(
            file: name,
            reason: "is no folder, and \(cache.path) has no model of that name; download it first"
        )
    }
}

/// A published model that cannot be read.
public struct PretrainedError: Error, Equatable, CustomStringConvertible {
    /// Path of the file or folder.
    public let file: String

    /// Expectation and finding.
    public let reason: String

    /// Creates an error about `file`.
    public init(file: String, reason: String) { (self.file, self.reason) = (file, reason) }

    /// The error in a sentence.
    public var description: String { "\(file): \(reason)" }
}
