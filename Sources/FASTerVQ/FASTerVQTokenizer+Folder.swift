internal import ActionTokenizers
internal import DurableFiles
public import Foundation
internal import NN
internal import RobotTypes
public import Torch

// A tokenizer on disk is a folder: `config.json` (FASTerVQConfiguration), `model.safetensors` (weights and
// codebooks) and `norm_stats.json` (statistics of `actions` and their method).
extension FASTerVQTokenizer {
    private static let configurationFile = "config.json"
    private static let weightsFile = "model.safetensors"

    /// Writes the tokenizer.
    ///
    /// The configuration comes last: a folder without it is not finished.
    public func save(to folder: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try DurableFile.write(
            encoder.encode(NormalizationSet(["actions": normalization])),
            to: folder.appending(path: NormalizationSet.fileName)
        )
        try Checkpoint.save(network.tensors, to: folder.appending(path: Self.weightsFile))
        try DurableFile.write(
            encoder.encode(configuration),
            to: folder.appending(path: Self.configurationFile)
        )
    }

    /// Reads and verifies a tokenizer.
    ///
    /// - Throws: `ActionTokenizerError` when files are missing or cannot be understood, `CheckpointError` and
    ///   `SafetensorsError` when the weights do not fit.
    public init(loading folder: URL, device: Device) throws {
        guard FileManager.default.fileExists(atPath: folder.path) else {
            throw ActionTokenizerError("\(folder.path): no such folder")
        }
        if let name = try TokenizerFolder.tokenizerName(in: folder), name != "fastervq" {
            throw ActionTokenizerError(
                "\(folder.path)/\(Self.configurationFile): tokenizer: expected 'fastervq', found '\(name)'"
            )
        }
        let configuration = try Self.decode(
            FASTerVQConfiguration.self,
            from: folder.appending(path: Self.configurationFile)
        )
        guard configuration.formatVersion == 1 else {
            throw ActionTokenizerError(
                "\(folder.path)/\(Self.configurationFile): formatVersion: expected 1, found "
                    + "\(configuration.formatVersion); use a newer faster"
            )
        }
        let file = folder.appending(path: NormalizationSet.fileName)
        guard let normalization = try Self.decode(NormalizationSet.self, from: file)["actions"],
            normalization.statistics.dimension == configuration.actionSpace.dimension
        else {
            throw ActionTokenizerError(
                "\(file.path): expected statistics and method of 'actions' with \(configuration.actionSpace.dimension) columns"
            )
        }
        let network = FASTerVQNetwork(configuration, device: device)
        try Checkpoint.load(network.tensors, from: folder.appending(path: Self.weightsFile))
        self.init(
            configuration: configuration,
            network: network,
            normalization: normalization,
            device: device
        )
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, from file: URL) throws -> Value {
        guard let data = try? Data(contentsOf: file) else {
            throw ActionTokenizerError("\(file.path): is missing or cannot be read")
        }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw ActionTokenizerError("\(file.path): cannot be understood: \(error)")
        }
    }
}
