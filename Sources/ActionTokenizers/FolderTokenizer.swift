public import Foundation
public import RobotTypes
public import Support

/// `config.json` of a tokenizer for one robot.
public struct RobotTokenizerFile<Configuration: Codable>: Codable {
    /// Name of the tokenizer.
    public let tokenizer: String

    private let formatVersion: Int

    /// Number of control steps of a chunk.
    public let horizon: Int

    /// Number of action columns.
    public let dimension: Int

    /// Settings of the tokenizer.
    public let configuration: Configuration
}

extension RobotTokenizerFile {
    /// Layout of the folders; raised when it changes.
    private static var newestVersion: Int { 1 }

    /// The file of `tokenizer`, which has the settings `configuration`.
    public init(_ tokenizer: some ActionTokenizer, _ configuration: Configuration) {
        self.tokenizer = tokenizer.name
        formatVersion = Self.newestVersion
        horizon = tokenizer.horizon
        dimension = tokenizer.dimension
        self.configuration = configuration
    }

    /// Reads the configuration of a tokenizer that has one of `names`, and its normalization.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the file, what was expected and what was found.
    public static func read(
        _ names: [String],
        from folder: URL
    ) throws(ActionTokenizerError) -> (file: RobotTokenizerFile, normalization: Normalization) {
        let file = try TokenizerFolder.read(Self.self, names, version: newestVersion, from: folder)
        try TokenizerFolder.check(horizon: file.horizon, of: folder)
        return (file, try TokenizerFolder.normalization(from: folder, columns: file.dimension))
    }
}

extension RobotTokenizerFile where Configuration: Validatable {
    /// Reads the configuration of a tokenizer that has one of `names`, validated, and its normalization.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the file, what was expected and what was found.
    public static func readValidated(
        _ names: [String],
        from folder: URL
    ) throws(ActionTokenizerError) -> (file: RobotTokenizerFile, normalization: Normalization) {
        let content = try read(names, from: folder)
        do throws(InvalidValue) { try content.file.configuration.validate() } catch {
            let path = TokenizerFolder.configuration(in: folder).path
            throw ActionTokenizerError("\(path): \(error.inside("configuration"))")
        }
        return content
    }
}

/// A tokenizer without weights: its folder holds `config.json` (``RobotTokenizerFile``) and `norm_stats.json`.
public protocol FolderTokenizer: ActionTokenizer {
    /// Settings of the tokenizer.
    associatedtype Configuration: Codable

    /// Values that ``ActionTokenizer/name`` has for tokenizers of this type.
    static var names: [String] { get }

    /// Settings of the tokenizer.
    var configuration: Configuration { get }

    /// Creates the tokenizer of a configuration.
    ///
    /// - Throws: `InvalidValue` that names the setting, what was expected and what was found.
    init(_ configuration: Configuration, horizon: Int, normalization: Normalization) throws
}

extension FolderTokenizer {
    /// Writes the tokenizer, its configuration last: a folder without it is not finished.
    ///
    /// - Throws: The system's error, with the path.
    public func save(to folder: URL) throws {
        try TokenizerFolder.write(normalization, to: folder)
        try TokenizerFolder.write(RobotTokenizerFile(self, configuration), to: folder)
    }

    /// Reads and verifies a tokenizer.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the file that is missing, cannot be understood, or does not fit the
    ///   other one.
    public init(loading folder: URL) throws(ActionTokenizerError) {
        let (file, normalization) = try RobotTokenizerFile<Configuration>.read(Self.names, from: folder)
        self = try TokenizerFolder.naming(TokenizerFolder.configuration(in: folder)) {
            try Self(file.configuration, horizon: file.horizon, normalization: normalization)
        }
    }
}
