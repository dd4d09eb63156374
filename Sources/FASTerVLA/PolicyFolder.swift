internal import ActionTokenizers
public import Backbones
internal import CPUInference
public import Foundation
internal import NN
public import RobotTypes
internal import Support
internal import TokenizerRegistry
public import Torch

/// A policy on disk: a folder with everything that inference needs.
///
/// | file                | content                                                          |
/// |---------------------|------------------------------------------------------------------|
/// | `config.json`       | ``PolicyConfiguration``                                           |
/// | `model.safetensors` | weights                                                          |
/// | `norm_stats.json`   | statistics of `state` and `actions`, with the method of each      |
/// | `tokenizer/`        | the tokenizer of a head of tokens                                 |
/// | `backbone/`         | a published backbone's configuration and text tokenizer, and its weights where they are kept as they are |
///
/// In a policy for several robots, the configuration holds all contracts, the statistics are those of `NAME/state` and
/// `NAME/actions`, and the tokenizer is the model that all robots share.
public enum PolicyFolder {
    /// Version of the folder's layout.
    public static let formatVersion = 3

    static let configurationFile = "config.json"
    static let tokenizerFolder = "tokenizer"
    static let backboneFolder = "backbone"
    static let weightsFile = "model.safetensors"

    /// Writes a policy.
    ///
    /// The configuration comes last: a folder without it is not finished.
    ///
    /// - Parameters:
    ///   - configuration: Architecture and contract.
    ///   - network: The weights.
    ///   - actions: Normalization of actions, with the tokenizer of a head of tokens.
    ///   - state: Normalization of states.
    ///   - folder: Folder to write.
    /// - Throws: The system's error, with the path.
    public static func save(
        _ configuration: PolicyConfiguration,
        network: FASTerVLANetwork,
        actions: ActionCoding,
        state: Normalization,
        to folder: URL
    ) throws {
        try save(configuration, network: network, robots: [(actions, state)], model: nil, to: folder)
    }

    /// Writes a policy for the robots of a mixture, in its order, or for one.
    ///
    /// The configuration comes last: a folder without it is not finished.
    ///
    /// - Parameters:
    ///   - configuration: Architecture, contracts and mixture.
    ///   - network: The weights.
    ///   - robots: Coding of actions and normalization of states of every robot; tokenizers share one model.
    ///   - model: The published backbone; nil for the compact one.
    ///   - folder: Folder to write.
    /// - Throws: The system's error, with the path.
    public static func save(
        _ configuration: PolicyConfiguration,
        network: FASTerVLANetwork,
        robots: [(actions: ActionCoding, state: Normalization)],
        model: PretrainedModel?,
        to folder: URL
    ) throws {
        var normalizations: [String: Normalization] = [:]
        for (index, robot) in robots.enumerated() {
            let keys = StatisticsKeys(configuration.mixture?.embodiments[index].name)
            normalizations[keys.state] = robot.state
            normalizations[keys.actions] = robot.actions.normalization
        }
        try DurableFile.writeJSON(
            NormalizationSet(normalizations),
            to: folder.appending(path: NormalizationSet.fileName)
        )
        if let model {
            try model.save(
                to: folder.appending(path: backboneFolder),
                withWeights: configuration.backbone.isFrozen
            )
        }
        try Checkpoint.save(network.ownTensors(configuration), to: folder.appending(path: weightsFile))
        var configuration = configuration
        configuration.tokenizerDigest = try robots[0].actions.saveTokenizer(
            to: folder.appending(path: tokenizerFolder),
            ofSeveralRobots: configuration.mixture != nil
        )
        try DurableFile.writeJSON(configuration, to: folder.appending(path: configurationFile))
    }

    /// Names of a robot's statistics in `norm_stats.json`.
    private struct StatisticsKeys {
        let state: String
        let actions: String

        init(_ embodiment: String?) {
            let prefix = embodiment.map { "\($0)/" } ?? ""
            (state, actions) = (prefix + "state", prefix + "actions")
        }
    }

    /// Loads and verifies a policy, and warms it up.
    ///
    /// On a CPU, in single precision, hand-written kernels do the forwards of its blocks.
    ///
    /// - Parameters:
    ///   - folder: Folder of ``save(_:network:actions:state:to:)``.
    ///   - embodiment: Robot to serve, of a policy for several; nil for the only one.
    ///   - device: Device for the weights.
    ///   - decoding: Decoding, as far as it is not left to the folder.
    ///   - backend: Chooses the forwards that decoding repeats.
    /// - Returns: The policy, with latencies measured (``FASTerVLAPolicy/warmUp()``).
    /// - Throws: ``PolicyFolderError`` if parts are missing or do not fit each other, or the policy cannot decode as
    ///   `decoding` says, and the errors of checkpoints and tokenizers.
    public static func load(
        from folder: URL,
        embodiment: String? = nil,
        device: Device,
        decoding: DecodingSettings = DecodingSettings(),
        backend: @Sendable (FASTerVLANetwork) -> InferenceBackend = { InferenceBackend(fastestFor: $0) }
    ) async throws -> FASTerVLAPolicy {
        let parts = try parts(of: folder, embodiment: embodiment, device: device)
        do {
            try decoding.validate(for: parts.configuration.head)
        } catch {
            throw PolicyFolderError(
                file: folder.appending(path: configurationFile).path,
                reason: error.description
            )
        }
        let policy = FASTerVLAPolicy(
            configuration: parts.configuration,
            embodiment: parts.embodiment,
            network: parts.network,
            processor: try parts.configuration.backbone.makeProcessor(parts.model),
            actions: parts.actions,
            state: parts.state,
            device: device,
            decoding: decoding,
            backend: backend(parts.network)
        )
        try await policy.warmUp()
        return policy
    }

    /// Parts of a policy.
    public struct Parts {
        /// Architecture, and the contract of the chosen robot.
        public let configuration: PolicyConfiguration
        /// Position of the chosen robot in the mixture; nil for a policy of one.
        public let embodiment: Int?
        /// The weights.
        public let network: FASTerVLANetwork
        /// The published backbone; nil for the compact one.
        public let model: PretrainedModel?
        /// Normalization of actions, with the tokenizer of a head of tokens.
        public let actions: ActionCoding
        /// Normalization of states.
        public let state: Normalization
    }

    /// Reads a policy's configuration, without its weights.
    ///
    /// - Throws: ``PolicyFolderError`` when it is missing, cannot be understood, is of another version or is a tokenizer's.
    public static func configuration(of folder: URL) throws -> PolicyConfiguration {
        guard FileManager.default.fileExists(atPath: folder.path) else {
            throw PolicyFolderError(file: folder.path, reason: "no such folder")
        }
        try refuseTokenizer(folder)
        let file = folder.appending(path: configurationFile)
        let version = try decode(Version.self, from: file).formatVersion
        guard version == formatVersion else {
            let other =
                version < formatVersion ? "train it again, or use an older faster" : "use a newer faster"
            throw PolicyFolderError(
                file: file.path,
                reason: "formatVersion: expected \(formatVersion), found \(version); \(other)"
            )
        }
        return try decode(PolicyConfiguration.self, from: file)
    }

    /// Reads the normalizations of a policy's actions, one a robot, in the order of the mixture.
    ///
    /// - Throws: ``PolicyFolderError`` when they are missing or cannot be understood.
    public static func actionNormalizations(of folder: URL) throws -> [Normalization] {
        let mixture = try configuration(of: folder).mixture
        let file = folder.appending(path: NormalizationSet.fileName)
        let all = try decode(NormalizationSet.self, from: file)
        let names: [String?] = mixture.map { $0.embodiments.map(\.name) } ?? [nil]
        return try names.map { name in
            let key = StatisticsKeys(name).actions
            if let found = all[key] { return found }
            throw PolicyFolderError(file: file.path, reason: "lacks the statistics or the method of '\(key)'")
        }
    }

    /// Loads and verifies the parts of a policy, for fine-tuning.
    ///
    /// - Parameters:
    ///   - folder: Folder of the policy.
    ///   - embodiment: Robot of a policy for several; nil for the only one.
    ///   - device: Device for the weights.
    /// - Returns: The parts, with contract, statistics and tokenizer of the robot.
    /// - Throws: ``PolicyFolderError`` when parts are missing or do not fit each other, and the errors of checkpoints and
    ///   tokenizers.
    public static func parts(of folder: URL, embodiment: String? = nil, device: Device) throws -> Parts {
        var configuration = try configuration(of: folder)
        let index: Int?
        do {
            try configuration.mixture?.validate()
            index = try configuration.choose(embodiment)
        } catch {
            throw PolicyFolderError(
                file: folder.appending(path: configurationFile).path,
                reason: error.description
            )
        }
        let keys = StatisticsKeys(index.flatMap { configuration.mixture?.embodiments[$0].name })
        let statistics = folder.appending(path: NormalizationSet.fileName)
        let normalizations = try decode(NormalizationSet.self, from: statistics)
        guard let state = normalizations[keys.state], let actions = normalizations[keys.actions] else {
            throw PolicyFolderError(
                file: statistics.path,
                reason: "lacks the statistics or the method of '\(keys.state)' or '\(keys.actions)'"
            )
        }
        let coding: ActionCoding
        switch configuration.head {
        case .blocks:
            let tokenizer = folder.appending(path: tokenizerFolder)
            coding = .codes(try configuration.openTokenizer(in: tokenizer, actions, device: device))
        case .flow, .regression: coding = .values(actions)
        }
        try PolicyCheck(folder: folder, configuration: configuration).check(
            coding,
            actions: actions,
            state: state
        )
        // Last of the checks: where a tokenizer differs in more than its weights, the others say in what.
        try configuration.checkTokenizer(in: folder)
        let weights = folder.appending(path: weightsFile)
        let published = folder.appending(path: backboneFolder)
        let (network, model) = try configuration.backbone.openPublished(in: published, weights: weights) {
            try FASTerVLANetwork(configuration, $0, device: device)
        }
        try Checkpoint.load(network.ownTensors(configuration), from: weights)
        return Parts(
            configuration: configuration,
            embodiment: index,
            network: network,
            model: model,
            actions: coding,
            state: state
        )
    }

    private struct Version: Decodable {
        var formatVersion: Int
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, from file: URL) throws -> Value {
        guard let data = try? Data(contentsOf: file) else {
            throw PolicyFolderError(file: file.path, reason: "is missing or cannot be read")
        }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw PolicyFolderError(file: file.path, reason: "cannot be understood: \(error)")
        }
    }
}

/// Error of a policy's folder: parts are missing or do not fit each other.
public struct PolicyFolderError: Error, Equatable, CustomStringConvertible {
    /// Path of the file or folder at fault.
    public let file: String

    /// Expectation and finding.
    public let reason: String

    /// The error in a sentence.
    public var description: String { "\(file): \(reason)" }
}

extension InferenceBackend {
    /// Hand-written kernels for a network in single precision on a CPU, the network's own modules otherwise.
    public init(fastestFor network: FASTerVLANetwork) {
        let modules = InferenceBackend(network)
        self.init(
            prefixEncoder: PackedCompactBackbone(network.backbone) ?? modules.prefixEncoder,
            suffixDecoder: PackedSuffixDecoder(modules.suffixDecoder) ?? modules.suffixDecoder,
            head: network.blockHead.flatMap(PackedBlockHead.init) ?? modules.head
        )
    }
}
