internal import ActionTokenizers
public import Foundation
internal import NN
public import RobotTypes
internal import Support
public import Torch

/// `config.json` of a tokenizer's folder; `model.safetensors` (weights and codebooks) and, for one robot's tokenizer,
/// `norm_stats.json` (statistics of `actions` and their method) lie beside it.
struct FASTerVQFolder: Codable {
    static let weightsFile = "model.safetensors"
    static let tokenizerName = "fastervq"
    private static let newestVersion = 1

    /// Name of the tokenizer that the folder holds.
    private var tokenizer = Self.tokenizerName

    /// Layout of the folder; raised when it changes.
    private var formatVersion = Self.newestVersion

    /// The architecture.
    let configuration: FASTerVQConfiguration

    /// The robot's groups of action columns; absent where the folder belongs to no robot.
    let actionSpace: ActionSpace?

    /// Control steps of a chunk; absent where the folder belongs to no robot.
    let horizon: Int?

    init(_ configuration: FASTerVQConfiguration, actionSpace: ActionSpace? = nil, horizon: Int? = nil) {
        self.configuration = configuration
        self.actionSpace = actionSpace
        self.horizon = horizon
    }

    /// Reads and validates the configuration.
    static func read(_ folder: URL) throws -> FASTerVQFolder {
        let content = try TokenizerFolder.read(
            FASTerVQFolder.self,
            [tokenizerName],
            version: newestVersion,
            from: folder
        )
        do throws(InvalidValue) {
            try content.configuration.validate()
        } catch {
            throw ActionTokenizerError(
                "\(TokenizerFolder.configuration(in: folder).path): configuration: \(error)"
            )
        }
        return content
    }
}

extension FASTerVQConfiguration {
    /// Reads the architecture of the tokenizer or model in a folder.
    ///
    /// - Throws: `ActionTokenizerError` when files are missing or cannot be understood.
    public init(reading folder: URL) throws { self = try FASTerVQFolder.read(folder).configuration }
}

extension FASTerVQModel {
    /// Reads and verifies the model in a tokenizer's folder, of one robot or of none.
    ///
    /// - Throws: `ActionTokenizerError` when files are missing or cannot be understood, `CheckpointError` and
    ///   `SafetensorsError` when the weights do not fit.
    public init(loading folder: URL, device: Device) throws {
        self.init(try FASTerVQFolder.read(folder).configuration, device: device)
        try Checkpoint.load(tensors, from: folder.appending(path: FASTerVQFolder.weightsFile))
    }

    /// Writes a folder that belongs to no robot.
    ///
    /// The configuration comes last: a folder without it is not finished.
    ///
    /// - Throws: The system's error, with the path.
    public func save(to folder: URL) throws { try write(FASTerVQFolder(configuration), to: folder) }

    fileprivate func write(_ content: FASTerVQFolder, to folder: URL) throws {
        try Checkpoint.save(tensors, to: folder.appending(path: FASTerVQFolder.weightsFile))
        try TokenizerFolder.write(content, to: folder)
    }
}

extension FASTerVQTokenizer {
    /// Writes the tokenizer.
    ///
    /// The configuration comes last: a folder without it is not finished.
    ///
    /// - Throws: The system's error, with the path.
    public func save(to folder: URL) throws {
        try TokenizerFolder.write(normalization, to: folder)
        let content = FASTerVQFolder(model.configuration, actionSpace: actionSpace, horizon: horizon)
        try model.write(content, to: folder)
    }

    /// Reads and verifies a tokenizer.
    ///
    /// - Parameters:
    ///   - folder: Folder of the tokenizer.
    ///   - device: Device for the weights.
    ///   - codec: Encoder and decoder of single chunks; nil for the model's.
    /// - Throws: `ActionTokenizerError` when files are missing or cannot be understood, or the folder belongs to no
    ///   robot; `CheckpointError` and `SafetensorsError` when the weights do not fit.
    public init(loading folder: URL, device: Device, codec: (any ChunkCodec.Type)? = nil) throws {
        let content = try FASTerVQFolder.read(folder)
        guard let actionSpace = content.actionSpace else {
            throw ActionTokenizerError(
                "\(folder.path): belongs to no robot yet; 'faster tokenizer train --from \(folder.path) --steps 0 "
                    + "--data DIR' makes it the tokenizer of a dataset's robot"
            )
        }
        guard let horizon = content.horizon else {
            throw ActionTokenizerError(
                "\(TokenizerFolder.configuration(in: folder).path): horizon: expected a positive number, found none"
            )
        }
        try TokenizerFolder.check(horizon: horizon, of: folder)
        let normalization = try TokenizerFolder.normalization(from: folder, columns: actionSpace.dimension)
        let model = try FASTerVQModel(loading: folder, device: device)
        do throws(PatchError) {
            try self.init(
                model,
                actionSpace: actionSpace,
                horizon: horizon,
                normalization: normalization,
                codec: codec
            )
        } catch {
            throw ActionTokenizerError("\(TokenizerFolder.configuration(in: folder).path): \(error)")
        }
    }

    /// Groups of action columns of the robot that a folder belongs to; nil where it belongs to none.
    ///
    /// - Throws: `ActionTokenizerError` when the configuration is missing or cannot be understood.
    public static func robot(in folder: URL) throws -> ActionSpace? {
        try FASTerVQFolder.read(folder).actionSpace
    }
}
