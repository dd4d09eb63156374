internal import ActionTokenizers
internal import DurableFiles
public import Foundation
internal import NN
internal import RobotTypes
public import Torch

/// `config.json` of a tokenizer's folder; `model.safetensors` (weights and codebooks) and, for one robot's tokenizer,
/// `norm_stats.json` (statistics of `actions` and their method) lie beside it.
struct FASTerVQFolder: Codable {
    static let weightsFile = "model.safetensors"
    static let configurationFile = "config.json"
    private static let newestVersion = 2

    /// Layout of the folder; raised when it changes.
    var formatVersion = Self.newestVersion

    /// The network.
    var configuration: FASTerVQConfiguration

    /// What the columns of an action mean; absent where the folder belongs to no robot.
    var actionSpace: ActionSpace?

    /// Control steps of a chunk; absent where the folder belongs to no robot.
    var horizon: Int?

    init(configuration: FASTerVQConfiguration, actionSpace: ActionSpace? = nil, horizon: Int? = nil) {
        self.configuration = configuration
        self.actionSpace = actionSpace
        self.horizon = horizon
    }

    static func read(_ folder: URL) throws -> FASTerVQFolder {
        guard FileManager.default.fileExists(atPath: folder.path) else {
            throw ActionTokenizerError("\(folder.path): no such folder")
        }
        let content = try decode(FASTerVQFolder.self, from: folder.appending(path: configurationFile))
        guard content.formatVersion == newestVersion else {
            throw ActionTokenizerError(
                "\(folder.path)/\(configurationFile): formatVersion: expected \(newestVersion), found "
                    + "\(content.formatVersion); use the faster that wrote it"
            )
        }
        return content
    }

    func write(to folder: URL) throws {
        try DurableFile.write(
            Self.encoder.encode(self),
            to: folder.appending(path: Self.configurationFile)
        )
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from file: URL) throws -> Value {
        guard let data = try? Data(contentsOf: file) else {
            throw ActionTokenizerError("\(file.path): is missing or cannot be read")
        }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw ActionTokenizerError("\(file.path): cannot be understood: \(error)")
        }
    }

    static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

extension FASTerVQTokenizer {
    /// Writes the tokenizer.
    ///
    /// The configuration comes last: a folder without it is not finished.
    public func save(to folder: URL) throws {
        try DurableFile.write(
            FASTerVQFolder.encoder.encode(NormalizationSet(["actions": normalization])),
            to: folder.appending(path: NormalizationSet.fileName)
        )
        try Checkpoint.save(
            model.network.tensors,
            to: folder.appending(path: FASTerVQFolder.weightsFile)
        )
        try FASTerVQFolder(configuration: model.configuration, actionSpace: actionSpace, horizon: horizon)
            .write(to: folder)
    }

    /// Reads and verifies a tokenizer.
    ///
    /// - Throws: `ActionTokenizerError` when files are missing or cannot be understood, or the folder belongs to no
    ///   robot; `CheckpointError` and `SafetensorsError` when the weights do not fit.
    public init(loading folder: URL, device: Device) throws {
        let content = try FASTerVQFolder.read(folder)
        guard let actionSpace = content.actionSpace, let horizon = content.horizon else {
            throw ActionTokenizerError(
                "\(folder.path): belongs to no robot yet; 'faster tokenizer train --from \(folder.path) --steps 0 "
                    + "--data DIR' makes it the tokenizer of a dataset's robot"
            )
        }
        let file = folder.appending(path: NormalizationSet.fileName)
        guard let normalization = try FASTerVQFolder.decode(NormalizationSet.self, from: file)["actions"],
            normalization.statistics.dimension == actionSpace.dimension
        else {
            throw ActionTokenizerError(
                "\(file.path): expected statistics and method of 'actions' with \(actionSpace.dimension) columns"
            )
        }
        let model = try FASTerVQModel(loading: folder, device: device)
        do {
            self = try model.tokenizer(for: actionSpace, horizon: horizon, normalization: normalization)
        } catch {
            throw ActionTokenizerError("\(folder.path)/\(FASTerVQFolder.configurationFile): \(error)")
        }
    }
}
