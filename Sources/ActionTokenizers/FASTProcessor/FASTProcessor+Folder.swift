public import Foundation
public import RobotTypes

// A folder that the public FAST processor saved: `processor_config.json` and `tokenizer.json`. Format:
// Documentation/Formats/FAST.md.
extension FASTProcessor {
    private static let configurationFile = "processor_config.json"
    private static let vocabularyFile = "tokenizer.json"

    private struct Configuration: Decodable {
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

    /// Whether `folder` is of this kind.
    public static func isFolder(_ folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: configurationFile).path)
    }

    /// Control steps of a chunk of the processor in `folder`; nil where any will do, as of FAST+, or the folder cannot be read,
    /// of which opening it says why.
    public static func horizon(in folder: URL) -> Int? {
        let file = folder.appending(path: configurationFile)
        return (try? TokenizerFolder.decode(Configuration.self, from: file))?.horizon
    }

    /// Reads and verifies a processor that knows its robot: the folder says horizon and columns, and `norm_stats.json`
    /// lies beside.
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
    ///   - folder: What the public processor saved.
    ///   - horizon: Control steps of a chunk, where the folder does not say.
    ///   - normalization: How the robot's units map to normalised ones.
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
        let encoding = try Self.encoding(from: folder.appending(path: Self.vocabularyFile))
        do throws(ActionTokenizerError) {
            try self.init(
                horizon: configuration.horizon ?? horizon,
                dimension: columns,
                normalization: normalization,
                scale: configuration.scale,
                smallest: configuration.smallest,
                encoding: encoding
            )
        } catch {
            throw ActionTokenizerError("\(file.path): \(error)")
        }
    }

    private static func encoding(from file: URL) throws(ActionTokenizerError) -> ByteLevelEncoding {
        let vocabulary = try TokenizerFolder.decode(TextVocabulary.self, from: file)
        do throws(ActionTokenizerError) {
            let encoding = try vocabulary.encoding()
            _ = try spelled(by: encoding)
            return encoding
        } catch {
            throw ActionTokenizerError("\(file.path): \(error)")
        }
    }
}

/// What a `tokenizer.json` says of its vocabulary.
private struct TextVocabulary: Decodable {
    struct Model: Decodable {
        var type: String?
        var vocab: [String: Int]
        var merges: [Merge]
    }

    struct Part: Decodable {
        var type: String
        var addsSpace: Bool?
        var cutsWords: Bool?

        enum CodingKeys: String, CodingKey {
            case type
            case addsSpace = "add_prefix_space"
            case cutsWords = "use_regex"
        }
    }

    /// `["left", "right"]`, or `"left right"` in older files.
    struct Merge: Decodable {
        var pair: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            pair =
                try (try? container.decode([String].self))
                ?? container.decode(String.self).split(separator: " ").map(String.init)
        }
    }

    var model: Model
    var normalizer: Part?
    var splitter: Part?

    enum CodingKeys: String, CodingKey {
        case model, normalizer
        case splitter = "pre_tokenizer"
    }

    func encoding() throws(ActionTokenizerError) -> ByteLevelEncoding {
        guard model.type ?? "BPE" == "BPE", normalizer == nil, splitter?.type == "ByteLevel",
            splitter?.addsSpace != true
        else {
            throw ActionTokenizerError(
                "expected byte-level byte-pair encoding without a normalizer, as the public processor writes it"
            )
        }
        if let rank = model.merges.firstIndex(where: { $0.pair.count != 2 }) {
            throw ActionTokenizerError("merge \(rank): expected two spellings")
        }
        return try ByteLevelEncoding(
            vocabulary: model.vocab,
            merges: model.merges.map { ($0.pair[0], $0.pair[1]) },
            cutsWords: splitter?.cutsWords ?? true
        )
    }
}
