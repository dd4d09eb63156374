public import Foundation
public import RobotTypes
internal import Support

/// Files that the folders of all tokenizers have in common: `config.json` and `norm_stats.json`.
public enum TokenizerFolder {
    private static let configurationFile = "config.json"

    /// Path of the configuration in `folder`.
    public static func configuration(in folder: URL) -> URL { folder.appending(path: configurationFile) }

    /// Keys of `config.json` that every tokenizer writes.
    public struct Header: Decodable, Equatable, Sendable {
        /// Name of the tokenizer, for example `fast`.
        public var tokenizer: String?

        /// Layout of the folder.
        public var formatVersion: Int?

        /// Number of control steps of a chunk; nil where the folder belongs to no robot.
        public var horizon: Int?
    }

    /// Reads the keys that every tokenizer writes.
    ///
    /// - Throws: ``ActionTokenizerError`` when there is no readable `config.json`, or it is a policy's.
    public static func header(of folder: URL) throws(ActionTokenizerError) -> Header {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue
        else {
            throw ActionTokenizerError("\(folder.path): no such folder")
        }
        let file = configuration(in: folder)
        let header = try decode(Header.self, from: file)
        if header.tokenizer == nil, (try? decode(PolicyKeys.self, from: file))?.isPolicy == true {
            let own = folder.appending(path: "tokenizer")
            let remedy =
                FileManager.default.fileExists(atPath: own.path)
                ? "the policy's own is \(own.path)" : "'faster tokenizer fit' and 'train' make one"
            throw ActionTokenizerError(
                "\(folder.path): expected a tokenizer's folder, found a policy's; \(remedy)"
            )
        }
        return header
    }

    /// Keys of `config.json` that policies have and tokenizers have not: `contract`, LeRobot's `input_features`.
    private struct PolicyKeys: Decodable {
        let isPolicy: Bool

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            isPolicy = container.contains(.contract) || container.contains(.inputFeatures)
        }

        private enum CodingKeys: String, CodingKey {
            case contract
            case inputFeatures = "input_features"
        }
    }

    /// Name of the tokenizer in `folder`, for example `fast`; nil when its `config.json` does not say.
    ///
    /// - Throws: ``ActionTokenizerError`` when there is no readable `config.json`.
    public static func tokenizerName(in folder: URL) throws(ActionTokenizerError) -> String? {
        try header(of: folder).tokenizer
    }

    /// The configuration of a tokenizer.
    ///
    /// - Parameters:
    ///   - type: Type of the configuration.
    ///   - names: Names that the tokenizer in the folder may have.
    ///   - version: Layout of the folder.
    ///   - folder: The folder.
    /// - Returns: The configuration.
    /// - Throws: ``ActionTokenizerError`` that names the file, what was expected and what was found.
    public static func read<Configuration: Decodable>(
        _ type: Configuration.Type,
        _ names: [String],
        version: Int,
        from folder: URL
    ) throws(ActionTokenizerError) -> Configuration {
        let header = try header(of: folder)
        let file = configuration(in: folder)
        guard let name = header.tokenizer, names.contains(name) else {
            let expected = names.map { "'\($0)'" }.joined(separator: " or ")
            let found = header.tokenizer.map { "'\($0)'" } ?? "none"
            throw ActionTokenizerError("\(file.path): tokenizer: expected \(expected), found \(found)")
        }
        guard header.formatVersion == version else {
            let found = header.formatVersion.map(String.init) ?? "none"
            throw ActionTokenizerError(
                "\(file.path): formatVersion: expected \(version), found \(found); use the faster that wrote it"
            )
        }
        return try decode(type, from: file)
    }

    /// The files that determine a tokenizer's tokens, of any kind, in order.
    private static let codingFiles = [
        configurationFile, "model.safetensors", NormalizationSet.fileName, "processor_config.json",
        "tokenizer.json",
    ]

    /// Digest of the files in `folder` that determine tokens: configuration, weights, vocabulary and statistics.
    ///
    /// It is the SHA-256 of what `sha256sum` prints for those of `config.json`, `model.safetensors`, `norm_stats.json`,
    /// `processor_config.json` and `tokenizer.json` that exist, in this order.
    ///
    /// - Returns: `sha256:` and 64 hexadecimal digits.
    /// - Throws: ``ActionTokenizerError`` when there is no such file, or one cannot be read.
    public static func digest(of folder: URL) throws(ActionTokenizerError) -> String {
        let names = codingFiles.filter {
            FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
        }
        guard !names.isEmpty else { throw ActionTokenizerError("\(folder.path): is no tokenizer's folder") }
        return try FolderDigest.sha256(of: names, in: folder)
    }

    /// Checks the number of control steps of a configuration, before anything is made of it.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the file, what was expected and what was found.
    public static func check(horizon: Int, of folder: URL) throws(ActionTokenizerError) {
        try naming(configuration(in: folder)) {
            try Validation.require(["horizon": horizon], in: ActionTokenizerLimits.horizon)
        }
    }

    /// The normalization of actions of `columns` columns.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the file, what was expected and what was found.
    public static func normalization(
        from folder: URL,
        columns: Int
    ) throws(ActionTokenizerError) -> Normalization {
        let file = folder.appending(path: NormalizationSet.fileName)
        guard let normalization = try decode(NormalizationSet.self, from: file)["actions"] else {
            throw ActionTokenizerError(
                "\(file.path): expected statistics and method of 'actions', found none"
            )
        }
        try naming(file) { try normalization.check(columns: columns) }
        return normalization
    }

    /// Map between a robot's control rate and that of the chunks of the tokenizer in `folder`; nil where they are the same, or the
    /// folder belongs to no robot.
    public static func resampling(in folder: URL) -> ActionResampling? {
        let file = folder.appending(path: NormalizationSet.fileName)
        return (try? decode(NormalizationSet.self, from: file))?["actions"]?.transform?.resampling
    }

    /// Names `file` in an error of `body`.
    static func naming<Result>(
        _ file: URL,
        _ body: () throws -> Result
    ) throws(ActionTokenizerError) -> Result {
        do {
            return try body()
        } catch {
            throw ActionTokenizerError("\(file.path): \(error)")
        }
    }

    static func decode<Value: Decodable>(
        _ type: Value.Type,
        from file: URL
    ) throws(ActionTokenizerError) -> Value {
        guard let data = try? Data(contentsOf: file) else {
            throw ActionTokenizerError("\(file.path): is missing or cannot be read")
        }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw ActionTokenizerError("\(file.path): cannot be understood: \(error)")
        }
    }

    /// Writes the normalization of actions.
    ///
    /// - Throws: The system's error, with the path.
    public static func write(_ normalization: Normalization, to folder: URL) throws {
        try DurableFile.writeJSON(
            NormalizationSet(["actions": normalization]),
            to: folder.appending(path: NormalizationSet.fileName)
        )
    }

    /// Writes the configuration, which comes last: a folder without it is not finished.
    ///
    /// - Throws: The system's error, with the path.
    public static func write(_ configuration: some Encodable, to folder: URL) throws {
        try DurableFile.writeJSON(configuration, to: Self.configuration(in: folder))
    }
}
