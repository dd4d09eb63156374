internal import ActionTokenizers
public import Foundation
internal import NN
internal import Support
public import Torch

// A learned baseline on disk is a folder: `config.json` (`RobotTokenizerFile`), `model.safetensors` (weights and codebooks) and
// `norm_stats.json`.

private let weightsFile = "model.safetensors"

extension LearnedTokenizer {
    /// Writes the tokenizer, its configuration last: a folder without it is not finished.
    ///
    /// - Throws: The system's error, with the path.
    public func save(to folder: URL) throws {
        try TokenizerFolder.write(normalization, to: folder)
        try Checkpoint.save(network.tensors, to: folder.appending(path: weightsFile))
        try TokenizerFolder.write(RobotTokenizerFile(self, network.configuration), to: folder)
    }

    /// Reads and verifies a tokenizer.
    ///
    /// - Throws: `ActionTokenizerError` when files are missing or cannot be understood, `CheckpointError` and
    ///   `SafetensorsError` when the weights do not fit.
    public init(loading folder: URL, device: Device) throws {
        let (file, normalization) = try RobotTokenizerFile<Network.Configuration>.readValidated(
            [Network.tokenizerName],
            from: folder
        )
        let network = Network(
            file.configuration,
            horizon: file.horizon,
            dimension: file.dimension,
            device: device
        )
        try Checkpoint.load(network.tensors, from: folder.appending(path: weightsFile))
        self.init(network, horizon: file.horizon, normalization: normalization, device: device)
    }
}
