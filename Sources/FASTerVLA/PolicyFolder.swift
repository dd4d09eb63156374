internal import ActionTokenizers
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
public enum PolicyFolder {
    /// Version of the folder's layout.
    public static let formatVersion = 3

    static let configurationFile = "config.json"
    static let tokenizerFolder = "tokenizer"
    private static let weightsFile = "model.safetensors"

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
        let normalizations = NormalizationSet(["state": state, "actions": actions.normalization])
        try DurableFile.writeJSON(normalizations, to: folder.appending(path: NormalizationSet.fileName))
        try Checkpoint.save(network.tensors, to: folder.appending(path: weightsFile))
        var configuration = configuration
        configuration.tokenizerDigest = try actions.saveTokenizer(to: folder.appending(path: tokenizerFolder))
        try DurableFile.writeJSON(configuration, to: folder.appending(path: configurationFile))
    }

    /// Loads and verifies a policy, and warms it up.
    ///
    /// On a CPU, in single precision, hand-written kernels do the forwards of its blocks.
    ///
    /// - Parameters:
    ///   - folder: Folder of ``save(_:network:actions:state:to:)``.
    ///   - device: Device for the weights.
    ///   - decoding: Decoding, as far as it is not left to the folder.
    ///   - backend: Chooses the forwards that decoding repeats.
    /// - Returns: The policy, with latencies measured (``FASTerVLAPolicy/warmUp()``).
    /// - Throws: ``PolicyFolderError`` if parts are missing or do not fit each other, or the policy cannot decode as
    ///   `decoding` says, and the errors of checkpoints and tokenizers.
    public static func load(
        from folder: URL,
        device: Device,
        decoding: DecodingSettings = DecodingSettings(),
        backend: @Sendable (FASTerVLANetwork) -> InferenceBackend = { InferenceBackend(fastestFor: $0) }
    ) async throws -> FASTerVLAPolicy {
        let parts = try parts(of: folder, device: device)
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
            network: parts.network,
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
        /// Architecture and contract.
        public let configuration: PolicyConfiguration
        /// The weights.
        public let network: FASTerVLANetwork
        /// Normalization of actions, with the tokenizer of a head of tokens.
        public let actions: ActionCoding
        /// Normalization of states.
        public let state: Normalization
    }

    /// Loads and verifies the parts of a policy, for fine-tuning.
    ///
    /// - Throws: ``PolicyFolderError`` when parts are missing or do not fit each other, and the errors of checkpoints and
    ///   tokenizers.
    public static func parts(of folder: URL, device: Device) throws -> Parts {
        guard FileManager.default.fileExists(atPath: folder.path) else {
            throw PolicyFolderError(file: folder.path, reason: "no such folder")
        }
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
        let configuration = try decode(PolicyConfiguration.self, from: file)
        let statistics = folder.appending(path: NormalizationSet.fileName)
        let normalizations = try decode(NormalizationSet.self, from: statistics)
        guard let state = normalizations["state"], let actions = normalizations["actions"] else {
            throw PolicyFolderError(
                file: statistics.path,
                reason: "lacks the statistics or the method of 'state' or 'actions'"
            )
        }
        let coding: ActionCoding
        switch configuration.head {
        case .blocks:
            let tokenizer = folder.appending(path: tokenizerFolder)
            coding = .codes(try TokenizerRegistry.open(tokenizer, device: device))
        case .flow, .regression: coding = .values(actions)
        }
        try PolicyCheck(folder: folder, configuration: configuration).check(
            coding,
            actions: actions,
            state: state
        )
        // Last of the checks: where a tokenizer differs in more than its weights, the others say in what.
        try configuration.checkTokenizer(in: folder)
        let network = FASTerVLANetwork(configuration, device: device)
        try Checkpoint.load(network.tensors, from: folder.appending(path: weightsFile))
        return Parts(configuration: configuration, network: network, actions: coding, state: state)
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

extension PolicyConfiguration {
    /// Checks that the tokenizer in a policy's folder is the one that the policy was trained with.
    ///
    /// Codes of another tokenizer of the same shape decode without an error, to plausible and wrong motion.
    fileprivate func checkTokenizer(in policy: URL) throws {
        guard case .blocks = head else { return }
        let folder = policy.appending(path: PolicyFolder.tokenizerFolder)
        let found = try TokenizerFolder.digest(of: folder)
        guard let expected = tokenizerDigest else {
            throw PolicyFolderError(
                file: policy.appending(path: PolicyFolder.configurationFile).path,
                reason:
                    "tokenizerDigest: is missing; if the tokenizer in the folder is the one that the policy was trained "
                    + "with, write \"\(found)\""
            )
        }
        guard found == expected else {
            throw PolicyFolderError(
                file: folder.path,
                reason:
                    "the policy was trained with the tokenizer \(expected), this one is \(found): with another "
                    + "tokenizer its codes mean other actions; put the policy's own one back"
            )
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

extension FASTerVLANetwork {
    /// Creates a network with random weights.
    public init(_ configuration: PolicyConfiguration, device: Device) {
        self.init(
            backbone: configuration.backbone.makeBackbone(device: device),
            expert: configuration.expert,
            head: configuration.head,
            device: device
        )
    }
}

extension InferenceBackend {
    /// Hand-written kernels for a network in single precision on a CPU, the network's own modules otherwise.
    public init(fastestFor network: FASTerVLANetwork) {
        let modules = InferenceBackend(network)
        self.init(
            suffixDecoder: PackedSuffixDecoder(modules.suffixDecoder) ?? modules.suffixDecoder,
            classifiers: (network.blockHead?.classifiers ?? []).map(Self.fastest)
        )
    }

    private static func fastest(_ layer: Linear) -> any AffineMap { PackedAffineMap(layer) ?? layer }
}
