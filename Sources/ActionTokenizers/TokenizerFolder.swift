public import Foundation
public import RobotTypes
internal import Support

/// What the folders of all tokenizers have in common: `config.json` and `norm_stats.json`.
public enum TokenizerFolder {
    /// Layout of the baselines' folders; raised when it changes.
    static let formatVersion = 1

    private static let configurationFile = "config.json"

    /// Where the configuration in `folder` is.
    public static func configuration(in folder: URL) -> URL { folder.appending(path: configurationFile) }

    private struct Header: Decodable {
        var tokenizer: String?
        var formatVersion: Int?
    }

    /// Which tokenizer `folder` holds, for example `fast`, or nil when its `config.json` does not say.
    ///
    /// - Throws: ``ActionTokenizerError`` when there is no readable `config.json`.
    public static func tokenizerName(in folder: URL) throws(ActionTokenizerError) -> String? {
        try header(of: folder).tokenizer
    }

    private static func header(of folder: URL) throws(ActionTokenizerError) -> Header {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue
        else {
            throw ActionTokenizerError("\(folder.path): no such folder")
        }
        return try decode(Header.self, from: configuration(in: folder))
    }

    /// The configuration of the tokenizer called `name`, whose layout has to be `version`.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the file, what was expected and what was found.
    public static func read<Configuration: Decodable>(
        _ type: Configuration.Type,
        _ name: String,
        version: Int = 1,
        from folder: URL
    ) throws(ActionTokenizerError) -> Configuration {
        let header = try header(of: folder)
        let file = configuration(in: folder)
        guard header.tokenizer == name else {
            let found = header.tokenizer.map { "'\($0)'" } ?? "none"
            throw ActionTokenizerError("\(file.path): tokenizer: expected '\(name)', found \(found)")
        }
        guard header.formatVersion == version else {
            let found = header.formatVersion.map(String.init) ?? "none"
            throw ActionTokenizerError(
                "\(file.path): formatVersion: expected \(version), found \(found); use the faster that wrote it"
            )
        }
        return try decode(type, from: file)
    }

    /// Checks the sizes that a configuration names, before anything is made of them.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the file and the first size that cannot be.
    public static func check(
        horizon: Int,
        and more: KeyValuePairs<String, Int> = [:],
        of folder: URL
    ) throws(ActionTokenizerError) {
        do {
            try ActionTokenizerLimits.check(horizon, "horizon", atMost: ActionTokenizerLimits.horizon)
            for (name, number) in more {
                try ActionTokenizerLimits.check(number, name, atMost: ActionTokenizerLimits.bins)
            }
        } catch {
            throw ActionTokenizerError("\(configuration(in: folder).path): \(error)")
        }
    }

    /// How actions of `columns` columns are normalised.
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
        do {
            try normalization.check(columns: columns)
        } catch {
            throw ActionTokenizerError("\(file.path): \(error)")
        }
        return normalization
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

    /// Writes how actions are normalised.
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
