internal import ActionTokenizers
internal import Foundation
internal import RobotTypes
internal import Support
internal import TokenizerRegistry
internal import Torch

// The parts of a policy's folder that belong to the robot that is served.
extension PolicyConfiguration {
    /// Takes over the contract of the embodiment `name`.
    ///
    /// - Returns: Its position in the mixture; nil without a mixture.
    /// - Throws: `InvalidValue` where there is no such embodiment, or none is named and there are several.
    mutating func choose(_ name: String?) throws(InvalidValue) -> Int? {
        guard let mixture else {
            guard let name else { return nil }
            throw InvalidValue("embodiment", expected: "none, as the policy serves one robot", found: name)
        }
        let index = try mixture.index(of: name)
        contract = mixture.embodiments[index].contract
        return index
    }

    /// The tokenizer in `folder`, which belongs to the one robot, or is the model of several.
    func openTokenizer(
        in folder: URL,
        _ actions: Normalization,
        device: Device
    ) throws -> any ActionTokenizer {
        guard let mixture else { return try TokenizerRegistry.open(folder, device: device) }
        guard actions.statistics.dimension == contract.actionSpace.dimension else {
            throw PolicyFolderError(
                file: folder.path,
                reason: "statistics of \(actions.statistics.dimension) columns, actions of "
                    + "\(contract.actionSpace.dimension)"
            )
        }
        let robot = RobotActions(actionSpace: contract.actionSpace, normalization: actions) { _ in
            throw PolicyFolderError(file: folder.path, reason: "is no tokenizer that can be fitted")
        }
        return try TokenizerRegistry.open(folder, for: robot, horizon: mixture.horizon, device: device)
    }

    /// Checks that the tokenizer in a policy's folder is the one that the policy was trained with.
    ///
    /// Codes of another tokenizer of the same shape decode without an error, to plausible and wrong motion.
    func checkTokenizer(in policy: URL) throws {
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
