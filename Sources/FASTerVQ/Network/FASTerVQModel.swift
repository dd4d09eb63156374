internal import ActionTokenizers
public import Foundation
internal import NN
internal import Quantizers
public import RobotTypes
public import Torch

/// A network that knows kinds of motion but no robot: what a training starts from, and what serves many bodies.
public struct FASTerVQModel: Sendable {
    /// The architecture.
    public let configuration: FASTerVQConfiguration

    /// The weights.
    public let network: FASTerVQNetwork

    private let device: Device

    /// Creates a model with first weights from libtorch's generator.
    public init(_ configuration: FASTerVQConfiguration, device: Device) {
        self.configuration = configuration
        self.device = device
        network = FASTerVQNetwork(configuration, device: device)
    }

    /// Reads and verifies the model in a tokenizer's folder, of one robot or of none.
    ///
    /// - Throws: `ActionTokenizerError` when files are missing or cannot be understood, `CheckpointError` and
    ///   `SafetensorsError` when the weights do not fit.
    public init(loading folder: URL, device: Device) throws {
        self.init(try FASTerVQFolder.read(folder).configuration, device: device)
        try Checkpoint.load(network.tensors, from: folder.appending(path: FASTerVQFolder.weightsFile))
    }

    /// Writes a folder that belongs to no robot.
    ///
    /// The configuration comes last: a folder without it is not finished.
    ///
    /// - Throws: The system's error, with the path.
    public func save(to folder: URL) throws {
        try Checkpoint.save(network.tensors, to: folder.appending(path: FASTerVQFolder.weightsFile))
        try TokenizerFolder.write(FASTerVQFolder(configuration), to: folder)
    }

    /// The same model with its first codebooks only.
    ///
    /// - Parameter codebooks: At least 1.
    /// - Returns: A model with copies of the weights; this one where it has no more codebooks.
    public func keeping(codebooks: Int) -> FASTerVQModel {
        guard codebooks < configuration.codebookCount else { return self }
        let learned = min(codebooks, configuration.quantizer.codebookCount)
        return with(codebooks: learned, refining: codebooks - learned)
    }

    /// The same model with another number of codebooks that refine; the network's stay.
    ///
    /// - Parameter count: At least 0.
    /// - Returns: A model with copies of the weights, in which further codebooks wait for their entries; this one where it
    ///   has as many.
    public func refining(codebooks count: Int) -> FASTerVQModel {
        guard count != configuration.refinement.codebookCount else { return self }
        return with(codebooks: configuration.quantizer.codebookCount, refining: count)
    }

    private func with(codebooks: Int, refining: Int) -> FASTerVQModel {
        var changed = configuration
        changed.quantizer.codebookCount = codebooks
        changed.refinement.codebookCount = refining
        let result = FASTerVQModel(changed, device: device)
        withoutGradients {
            for (own, other) in zip(result.network.tensors, network.tensors) {
                let count = min(own.tensor.size(0), other.tensor.size(0))
                own.tensor.narrowed(0, from: 0, count: count)
                    .copyInPlace(other.tensor.narrowed(0, from: 0, count: count))
            }
        }
        return result
    }

    /// How this model cuts a robot's chunks.
    ///
    /// - Throws: ``PatchError`` when the robot does not fit the patches.
    public func makePatchifier(_ actionSpace: ActionSpace, horizon: Int) throws(PatchError)
        -> ActionPatchifier
    {
        try ActionPatchifier(space: actionSpace, horizon: horizon, shapes: configuration.patches)
    }

    /// The tokenizer of one robot's chunks.
    ///
    /// - Parameters:
    ///   - actionSpace: What the columns of an action mean.
    ///   - horizon: Control steps of a chunk.
    ///   - normalization: How the robot's units map to normalised ones.
    /// - Returns: The tokenizer, which shares this model's weights.
    /// - Throws: ``PatchError`` when the robot does not fit the patches.
    public func tokenizer(
        for actionSpace: ActionSpace,
        horizon: Int,
        normalization: Normalization
    ) throws(PatchError) -> FASTerVQTokenizer {
        try FASTerVQTokenizer(
            model: self,
            actionSpace: actionSpace,
            embodiment: Embodiment(
                patchifier: makePatchifier(actionSpace, horizon: horizon),
                normalization: normalization,
                device: device
            ),
            normalization: normalization,
            device: device
        )
    }
}
