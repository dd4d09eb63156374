internal import ActionTokenizers
public import Foundation
internal import NN
internal import RobotTypes
public import Torch

// A learned baseline on disk is a folder: `config.json`, `model.safetensors` (weights and codebooks) and
// `norm_stats.json`.

/// `config.json`.
private struct Content<Configuration: Codable>: Codable {
    var tokenizer: String
    var formatVersion: Int
    var horizon: Int
    var dimension: Int
    var configuration: Configuration
}

private let weightsFile = "model.safetensors"
private let formatVersion = 1

extension LearnedTokenizer {
    /// Writes the tokenizer.
    ///
    /// The configuration comes last: a folder without it is not finished.
    ///
    /// - Throws: The system's error, with the path.
    public func save(to folder: URL) throws {
        try TokenizerFolder.write(normalization, to: folder)
        try Checkpoint.save(network.tensors, to: folder.appending(path: weightsFile))
        let content = Content(
            tokenizer: name,
            formatVersion: formatVersion,
            horizon: horizon,
            dimension: dimension,
            configuration: network.configuration
        )
        try TokenizerFolder.write(content, to: folder)
    }

    /// Reads and verifies a tokenizer.
    ///
    /// - Throws: `ActionTokenizerError` when files are missing or cannot be understood, `CheckpointError` and
    ///   `SafetensorsError` when the weights do not fit.
    public init(loading folder: URL, device: Device) throws {
        let content = try TokenizerFolder.read(
            Content<Network.Configuration>.self,
            Network.tokenizerName,
            version: formatVersion,
            from: folder
        )
        let normalization = try TokenizerFolder.normalization(from: folder, columns: content.dimension)
        try TokenizerFolder.check(horizon: content.horizon, of: folder)
        if let problem = content.configuration.problem {
            throw ActionTokenizerError("\(folder.path)/config.json: configuration: \(problem)")
        }
        let network = Network(
            content.configuration,
            horizon: content.horizon,
            dimension: content.dimension,
            device: device
        )
        try Checkpoint.load(network.tensors, from: folder.appending(path: weightsFile))
        self.init(network, horizon: content.horizon, normalization: normalization, device: device)
    }
}
