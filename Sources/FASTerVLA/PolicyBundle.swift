internal import ActionTokenizers
internal import DurableFiles
public import FASTerVQ
public import Foundation
internal import NN
public import RobotTypes
public import Torch

/// A policy on disk: a folder that holds everything that inference needs.
///
/// | file                | content                                                          |
/// |---------------------|------------------------------------------------------------------|
/// | `config.json`       | ``PolicyConfiguration``                                           |
/// | `model.safetensors` | weights                                                          |
/// | `norm_stats.json`   | statistics of `state` and `actions`, with the method of each      |
/// | `tokenizer/`        | the FASTerVQ tokenizer that gives the codes their meaning         |
public enum PolicyBundle {
    private static let configurationFile = "config.json"
    private static let weightsFile = "model.safetensors"
    private static let tokenizerFolder = "tokenizer"

    /// Writes a policy.
    ///
    /// The configuration comes last: a folder without it is not finished.
    public static func save(
        _ configuration: PolicyConfiguration,
        network: FASTerVLANetwork,
        tokenizer: FASTerVQTokenizer,
        state: Normalization,
        to folder: URL
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let normalizations = NormalizationSet(["state": state, "actions": tokenizer.normalization])
        try DurableFile.write(
            encoder.encode(normalizations),
            to: folder.appending(path: NormalizationSet.fileName)
        )
        try Checkpoint.save(network.tensors, to: folder.appending(path: weightsFile))
        try tokenizer.save(to: folder.appending(path: tokenizerFolder))
        try DurableFile.write(encoder.encode(configuration), to: folder.appending(path: configurationFile))
    }

    /// Reads and verifies a policy.
    ///
    /// - Parameters:
    ///   - folder: What ``save(_:network:tokenizer:state:to:)`` wrote.
    ///   - device: Where the weights shall live.
    ///   - decoding: How it decodes, where that is not left to the folder.
    /// - Returns: The policy, ready to act.
    /// - Throws: ``PolicyBundleError`` when parts are missing or do not fit each other, codebooks to be decoded
    ///   are not there, or numbers of sampling make no sense, and the errors of checkpoints and tokenizers.
    public static func load(
        from folder: URL,
        device: Device,
        decoding: DecodingSettings = DecodingSettings()
    ) throws -> FASTerVLAPolicy {
        let (configuration, network, tokenizer, normalizations) = try parts(of: folder, device: device)
        let codebooks = configuration.schedule.codebookCount
        if let problem = decoding.sampling(over: configuration.sampling).problem {
            throw PolicyBundleError(file: folder.path, reason: "sampling: \(problem)")
        }
        if let wanted = decoding.codebooks, !(1 ... codebooks).contains(wanted) {
            throw PolicyBundleError(
                file: folder.path,
                reason:
                    "has \(codebooks) codebooks; codebooks to decode: expected 1 ... \(codebooks), found \(wanted)"
            )
        }
        guard let state = normalizations["state"] else {
            throw PolicyBundleError(
                file: folder.appending(path: NormalizationSet.fileName).path,
                reason: "lacks the statistics or the method of 'state'"
            )
        }
        return FASTerVLAPolicy(
            configuration: configuration,
            network: network,
            tokenizer: tokenizer,
            state: state,
            device: device,
            decoding: decoding
        )
    }

    private static func parts(
        of folder: URL,
        device: Device
    ) throws -> (PolicyConfiguration, FASTerVLANetwork, FASTerVQTokenizer, NormalizationSet) {
        guard FileManager.default.fileExists(atPath: folder.path) else {
            throw PolicyBundleError(file: folder.path, reason: "no such folder")
        }
        let configuration = try decode(
            PolicyConfiguration.self,
            from: folder.appending(path: configurationFile)
        )
        guard configuration.formatVersion == 1 else {
            throw PolicyBundleError(
                file: folder.appending(path: configurationFile).path,
                reason: "formatVersion: expected 1, found \(configuration.formatVersion); use a newer faster"
            )
        }
        let normalizations = try decode(
            NormalizationSet.self,
            from: folder.appending(path: NormalizationSet.fileName)
        )
        let tokenizer = try FASTerVQTokenizer(
            loading: folder.appending(path: tokenizerFolder),
            device: device
        )
        try verify(configuration, tokenizer: tokenizer, normalizations: normalizations, folder: folder)
        let network = FASTerVLANetwork(configuration, device: device)
        try Checkpoint.load(network.tensors, from: folder.appending(path: weightsFile))
        return (configuration, network, tokenizer, normalizations)
    }

    /// Checks that contract, tokenizer, schedule and statistics speak of one robot.
    private static func verify(
        _ configuration: PolicyConfiguration,
        tokenizer: FASTerVQTokenizer,
        normalizations: NormalizationSet,
        folder: URL
    ) throws {
        let contract = configuration.contract
        func require(_ holds: Bool, _ file: String, _ reason: @autoclosure () -> String) throws {
            if !holds { throw PolicyBundleError(file: folder.appending(path: file).path, reason: reason()) }
        }
        try require(
            tokenizer.actionSpace == contract.actionSpace,
            tokenizerFolder,
            "the tokenizer's action space is \(tokenizer.actionSpace), the policy's \(contract.actionSpace)"
        )
        try require(
            tokenizer.horizon == contract.horizon,
            tokenizerFolder,
            "the tokenizer's horizon is \(tokenizer.horizon), the policy's \(contract.horizon)"
        )
        let seen = configuration.backbone.seen
        try require(
            seen.pictures == contract.cameras.map { [$0.height, $0.width] }
                && seen.stateDimension == contract.stateDimension,
            configurationFile,
            "the backbone sees pictures \(seen.pictures) and \(seen.stateDimension) state values, which are not "
                + "those of the contract"
        )
        let schedule = configuration.schedule
        try require(
            schedule.blockSize > 0,
            configurationFile,
            "schedule.blockSize: expected at least 1, found \(schedule.blockSize)"
        )
        let found = [tokenizer.codebookCount, tokenizer.placeCount, tokenizer.codebookSize]
        let expected = [schedule.codebookCount, schedule.placeCount, configuration.codebookSize]
        try require(
            found == expected,
            tokenizerFolder,
            "codebooks, places and entries: the policy expects \(expected), the tokenizer has \(found)"
        )
        try require(
            normalizations["actions"] == tokenizer.normalization,
            NormalizationSet.fileName,
            "the statistics of 'actions' are not those of the tokenizer"
        )
        let stateDimension = normalizations["state"]?.statistics.dimension
        try require(
            stateDimension == contract.stateDimension,
            NormalizationSet.fileName,
            "'state' has \(stateDimension ?? 0) columns, the policy expects \(contract.stateDimension)"
        )
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
            schedule: configuration.schedule,
            codebookSize: configuration.codebookSize,
            spacing: configuration.spacing,
            device: device
        )
    }
}
