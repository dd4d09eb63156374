public import Foundation
public import RobotTypes
internal import Support
internal import TextTokenizers

// The folder of the public FAST processor: `processor_config.json` and `tokenizer.json`, and beside them `norm_stats.json` where
// it belongs to a robot. Format: Documentation/Formats/FAST.md.
extension FASTProcessor {
    private static let configurationFile = "processor_config.json"
    private static let vocabularyFile = "tokenizer.json"

    private struct Configuration: Codable {
        var scale: Float
        var smallest: Int
        var horizon: Int?
        var dimension: Int?

        enum CodingKeys: String, CodingKey {
            case scale
            case smallest = "min_token"
            case horizon = "time_horizon"
            case dimension = "action_dim"
        }
    }

    /// Returns true if `folder` is one that the public processor saved.
    public static func isFolder(_ folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: configurationFile).path)
    }

    /// Number of control steps of a chunk of the processor in `folder`; nil where it belongs to no robot, like FAST+.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the file that is missing or cannot be understood.
    public static func horizon(in folder: URL) throws(ActionTokenizerError) -> Int? {
        try TokenizerFolder.decode(Configuration.self, from: folder.appending(path: configurationFile))
            .horizon
    }

    /// Returns true if the processor in `folder` belongs to a robot: it has horizon, columns and the robot's statistics.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the file that is missing or cannot be understood.
    public static func belongsToRobot(_ folder: URL) throws(ActionTokenizerError) -> Bool {
        let file = folder.appending(path: configurationFile)
        let configuration = try TokenizerFolder.decode(Configuration.self, from: file)
        let statistics = folder.appending(path: NormalizationSet.fileName).path
        return configuration.horizon != nil && configuration.dimension != nil
            && FileManager.default.fileExists(atPath: statistics)
    }

    /// Writes the processor, its configuration last: a folder without it is not finished.
    ///
    /// - Throws: The system's error, with the path.
    public func save(to folder: URL) throws {
        try TokenizerFolder.write(normalization, to: folder)
        try DurableFile.write(vocabulary, to: folder.appending(path: Self.vocabularyFile))
        let configuration = Configuration(
            scale: scale,
            smallest: smallest,
            horizon: horizon,
            dimension: dimension
        )
        try DurableFile.writeJSON(configuration, to: folder.appending(path: Self.configurationFile))
    }

    /// Reads and verifies a processor with horizon, columns and normalization: `norm_stats.json` is in the folder, too.
    ///
    /// - Throws: ``ActionTokenizerError`` that names the file that is missing or cannot be understood.
    public init(loading folder: URL) throws(ActionTokenizerError) {
        let file = folder.appending(path: Self.configurationFile)
        let configuration = try TokenizerFolder.decode(Configuration.self, from: file)
        guard let horizon = configuration.horizon, let dimension = configuration.dimension else {
            throw ActionTokenizerError(
                "\(file.path): belongs to no robot, as 'time_horizon' or 'action_dim' is null; 'faster tokenizer "
                    + "evaluate' takes them from a dataset"
            )
        }
        let normalization = try TokenizerFolder.normalization(from: folder, columns: dimension)
        try self.init(loading: folder, horizon: horizon, normalization: normalization)
    }

    /// Reads and verifies a processor for a robot.
    ///
    /// - Parameters:
    ///   - folder: A folder of the public processor.
    ///   - horizon: Number of control steps of a chunk, where the folder does not say.
    ///   - normalization: Map between the robot's units and normalised ones.
    /// - Throws: ``ActionTokenizerError`` that names the file that is missing, cannot be understood, or is another
    ///   robot's.
    public init(
        loading folder: URL,
        horizon: Int,
        normalization: Normalization
    ) throws(ActionTokenizerError) {
        let file = folder.appending(path: Self.configurationFile)
        let configuration = try TokenizerFolder.decode(Configuration.self, from: file)
        let columns = normalization.statistics.dimension
        guard configuration.dimension ?? columns == columns else {
            throw ActionTokenizerError(
                "\(file.path): is for actions of \(configuration.dimension ?? 0) columns, found \(columns)"
            )
        }
        let vocabulary = folder.appending(path: Self.vocabularyFile)
        guard let data = try? Data(contentsOf: vocabulary) else {
            throw ActionTokenizerError("\(vocabulary.path): is missing or cannot be read")
        }
        let (tokenizer, nearest) = try Self.tokenizer(in: vocabulary)
        self = try TokenizerFolder.naming(file) {
            try FASTProcessor(
                horizon: configuration.horizon ?? horizon,
                normalization: normalization,
                scale: configuration.scale,
                smallest: configuration.smallest,
                vocabulary: data,
                tokenizer: tokenizer,
                nearest: nearest
            )
        }
    }

    private static func tokenizer(
        in file: URL
    ) throws(ActionTokenizerError) -> (TextTokenizer, nearest: [Unicode.Scalar]) {
        let tokenizer: TextTokenizer
        do {
            tokenizer = try TextTokenizer(file: file)
        } catch {
            throw ActionTokenizerError("\(error)")
        }
        return try TokenizerFolder.naming(file) {
            guard tokenizer.isByteLevel else {
                throw ActionTokenizerError(
                    "expected byte-level byte-pair encoding without a normalizer or a space before the text, as the "
                        + "public processor writes it"
                )
            }
            return (tokenizer, try nearestSpelled(by: tokenizer))
        }
    }
}
