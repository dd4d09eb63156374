internal import ActionTokenizers
public import Foundation
internal import NN
public import RobotTypes
internal import Support
public import Torch

/// A policy on disk: a folder that holds everything that inference needs.
///
/// | file                | content                                                          |
/// |---------------------|------------------------------------------------------------------|
/// | `config.json`       | ``PolicyConfiguration``                                           |
/// | `model.safetensors` | weights                                                          |
/// | `norm_stats.json`   | statistics of `state` and `actions`, with the method of each      |
/// | `tokenizer/`        | the tokenizer that gives codes their meaning, where the head speaks in codes |
public enum PolicyBundle {
    /// Layout of the folder; raised when it changes.
    public static let formatVersion = 3

    static let configurationFile = "config.json"
    static let tokenizerFolder = "tokenizer"
    private static let weightsFile = "model.safetensors"

    /// Writes a policy.
    ///
    /// The configuration comes last: a folder without it is not finished.
    ///
    /// - Parameters:
    ///   - configuration: What the policy is.
    ///   - network: Its weights.
    ///   - actions: How actions are normalised, and the tokenizer of their codes, where the head speaks in codes.
    ///   - state: How states are normalised.
    ///   - folder: Where to.
    /// - Throws: The system's error, with the path.
    public static func save(
        _ configuration: PolicyConfiguration,
        network: FASTerVLANetwork,
        actions: ActionCoding,
        state: Normalization,
        to folder: URL
    ) throws {
        let normalizations = NormalizationSet(["state": state, "actions": actions.normalization])
        try DurableFile.writeJSON(normalizations, to: folder.appending(path: NormalizationSet.fileName))
        try Checkpoint.save(network.tensors, to: folder.appending(path: weightsFile))
        try actions.saveTokenizer(to: folder.appending(path: tokenizerFolder))
        try DurableFile.writeJSON(configuration, to: folder.appending(path: configurationFile))
    }

    /// Reads and verifies a policy.
    ///
    /// - Parameters:
    ///   - folder: What ``save(_:network:actions:state:to:)`` wrote.
    ///   - device: Where the weights shall live.
    ///   - decoding: How it decodes, where that is not left to the folder.
    /// - Returns: The policy, ready to act.
    /// - Throws: ``PolicyBundleError`` when parts are missing or do not fit each other, or `decoding` asks for what the
    ///   policy has not got, and the errors of checkpoints and tokenizers.
    public static func load(
        from folder: URL,
        device: Device,
        decoding: DecodingSettings = DecodingSettings()
    ) throws -> FASTerVLAPolicy {
        let parts = try parts(of: folder, device: device)
        if let problem = decoding.problem(for: parts.configuration.head) {
            throw PolicyBundleError(file: folder.appending(path: configurationFile).path, reason: problem)
        }
        return FASTerVLAPolicy(
            configuration: parts.configuration,
            network: parts.network,
            actions: parts.actions,
            state: parts.state,
            device: device,
            decoding: decoding
        )
    }

    /// What a folder holds.
    public struct Parts {
        /// What the policy is.
        public let configuration: PolicyConfiguration
        /// Its weights.
        public let network: FASTerVLANetwork
        /// How actions are normalised and coded.
        public let actions: ActionCoding
        /// How states are normalised.
        public let state: Normalization
    }

    /// Reads and verifies the parts of a policy, for trainings that go on from it.
    ///
    /// - Throws: ``PolicyBundleError`` when parts are missing or do not fit each other, and the errors of checkpoints and
    ///   tokenizers.
    public static func parts(of folder: URL, device: Device) throws -> Parts {
        guard FileManager.default.fileExists(atPath: folder.path) else {
            throw PolicyBundleError(file: folder.path, reason: "no such folder")
        }
        let file = folder.appending(path: configurationFile)
        let version = try decode(Version.self, from: file).formatVersion
        guard version == formatVersion else {
            let other =
                version < formatVersion ? "train it again, or use an older faster" : "use a newer faster"
            throw PolicyBundleError(
                file: file.path,
                reason: "formatVersion: expected \(formatVersion), found \(version); \(other)"
            )
        }
        let configuration = try decode(PolicyConfiguration.self, from: file)
        let statistics = folder.appending(path: NormalizationSet.fileName)
        let normalizations = try decode(NormalizationSet.self, from: statistics)
        guard let state = normalizations["state"], let actions = normalizations["actions"] else {
            throw PolicyBundleError(
                file: statistics.path,
                reason: "lacks the statistics or the method of 'state' or 'actions'"
            )
        }
        let coding: ActionCoding
        switch configuration.head {
        case .codes:
            coding = .codes(
                try PolicyTokenizer.load(from: folder.appending(path: tokenizerFolder), device: device)
            )
        case .flow, .regression: coding = .values(actions)
        }
        try PolicyCheck(folder: folder, configuration: configuration).check(
            coding,
            actions: actions,
            state: state
        )
        let network = FASTerVLANetwork(configuration, device: device)
        try Checkpoint.load(network.tensors, from: folder.appending(path: weightsFile))
        return Parts(configuration: configuration, network: network, actions: coding, state: state)
    }

    private struct Version: Decodable {
        var formatVersion: Int
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, from file: URL) throws -> Value {
        guard let data = try? Data(contentsOf: file) else {
            throw PolicyBundleError(file: file.path, reason: "is missing or cannot be read")
        }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw PolicyBundleError(file: file.path, reason: "cannot be understood: \(error)")
        }
    }
}

/// A policy's folder whose parts are missing or do not fit.
public struct PolicyBundleError: Error, Equatable, CustomStringConvertible {
    /// Path of the file or folder at fault.
    public let file: String

    /// What was expected and what was found.
    public let reason: String

    /// The error in a sentence.
    public var description: String { "\(file): \(reason)" }
}

extension FASTerVLANetwork {
    /// A network with first weights, as `configuration` describes it.
    public init(_ configuration: PolicyConfiguration, device: Device) {
        self.init(
            backbone: configuration.backbone.makeBackbone(device: device),
            expert: configuration.expert,
            head: configuration.head,
            device: device
        )
    }
}
