internal import ActionTokenizers
internal import Backbones
public import Foundation
internal import NN
public import RobotTypes
internal import TextTokenizers
public import Torch

/// A policy on disk as LeRobot saves it: `config.json`, `model.safetensors`, and the files of its processors.
///
/// Supported is the type `pi0_fast`.
///
/// ```swift
/// let policy = try await LeRobotPolicyFolder.load(from: folder, device: .cpu)
/// let chunk = try await policy.act(on: observation).chunk  // [chunk_size, columns], the robot's units
/// ```
///
/// Format: Documentation/Formats/LeRobotPolicies.md.
public enum LeRobotPolicyFolder {
    /// What the folder does not hold.
    public struct Options: Sendable {
        /// Folder of the text tokenizer; nil for the one that the configuration names, a path or a name in the Hub's local cache.
        public var textTokenizer: URL?

        /// Folder of the action tokenizer; nil for the one that the configuration names.
        public var actionTokenizer: URL?

        /// Control frequency that the contract announces, Hz: nothing in the folder tells, and 30 is what LeRobot records with.
        public var framesPerSecond = 30.0

        /// Tokenizers by name, and LeRobot's control frequency.
        public init() {}
    }

    /// Returns true if the `config.json` in `folder` is LeRobot's: it names a type of policy, and no version of ours.
    public static func isFolder(_ folder: URL) -> Bool {
        guard let file = try? PublishedConfiguration(of: folder) else { return false }
        return file.has("type") && !file.has("formatVersion")
    }

    /// Loads and verifies a policy, and warms it up.
    ///
    /// - Parameters:
    ///   - folder: The policy's folder.
    ///   - options: What the folder does not hold.
    ///   - device: Device for the weights.
    /// - Returns: The policy, its first and slowest forward done.
    /// - Throws: `PretrainedError` that names the file and the field at fault; the errors of checkpoints and tokenizers.
    public static func load(
        from folder: URL,
        options: Options = Options(),
        device: Device
    ) async throws -> PI0FASTPolicy {
        let parts = try parts(of: folder, options, device: device)
        let policy = PI0FASTPolicy(parts)
        _ = try await policy.act(on: parts.synthetic)
        return policy
    }

    /// Reads what a policy takes and gives, without its weights and tokenizers.
    ///
    /// - Throws: `PretrainedError` that names the file and the field at fault.
    public static func contract(of folder: URL, options: Options = Options()) throws -> PolicyContract {
        let configuration = try PI0FASTConfiguration(of: folder)
        return try contract(configuration, LeRobotProcessors(of: folder, configuration), options)
    }

    static func parts(of folder: URL, _ options: Options, device: Device) throws -> PI0FASTParts {
        let configuration = try PI0FASTConfiguration(of: folder)
        let processors = try LeRobotProcessors(of: folder, configuration)
        let text = try options.textTokenizer ?? PretrainedFolder.locate(configuration.textTokenizer)
        let tokenizer = try TextTokenizer(folder: text)
        let actions = try options.actionTokenizer ?? PretrainedFolder.locate(configuration.actionTokenizer)
        let vocabulary = try FASTVocabulary(loading: actions)
        let network = try PaliGemma(
            ofLeRobotPolicy: ShardedCheckpoint(file: folder.appending(path: "model.safetensors")),
            dtype: configuration.dtype,
            device: device
        )
        guard network.configuration.vision.imageSize == configuration.imageSize else {
            throw PretrainedError(
                file: folder.appending(path: "config.json").path,
                reason:
                    "'image_resolution' should be \(network.configuration.vision.imageSize), the size that the weights are "
                    + "for, found \(configuration.imageSize)"
            )
        }
        let words = try PI0FASTDecoder.Words(
            tokenizer,
            vocabulary,
            skipped: configuration.skippedTokens,
            rows: network.configuration.vocabularySize,
            named: text.path
        )
        return PI0FASTParts(
            input: PI0FASTInput(
                configuration: configuration,
                processors: processors,
                tokenizer: tokenizer,
                beginning: words.start[0],
                placeholder: (network.configuration.imageToken, network.configuration.vision.patchCount),
                device: device
            ),
            network: network,
            decoder: PI0FASTDecoder(
                network,
                words,
                size: configuration.horizon * configuration.actionDimension,
                length: configuration.answerLength,
                device: device
            ),
            vocabulary: vocabulary,
            transform: DiscreteCosineTransform(length: configuration.horizon),
            contract: try contract(configuration, processors, options)
        )
    }

    private static func contract(
        _ configuration: PI0FASTConfiguration,
        _ processors: LeRobotProcessors,
        _ options: Options
    ) throws -> PolicyContract {
        PolicyContract(
            cameras: configuration.cameras.map { camera in
                var camera = camera
                camera.name = processors.robotNames[camera.name] ?? camera.name
                return camera
            },
            stateDimension: configuration.stateDimension,
            horizon: configuration.horizon,
            actionSpace: try ActionSpace(groups: [
                .init(name: "action", columns: 0 ..< configuration.actionDimension)
            ]),
            actionNames: configuration.actionNames,
            framesPerSecond: options.framesPerSecond
        )
    }
}
