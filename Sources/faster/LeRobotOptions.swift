import ArgumentParser
import FASTerVLA
import Foundation
import RobotTypes
import Torch

/// What a policy of LeRobot's lacks in its folder.
struct LeRobotOptions: ParsableArguments {
    @Option(
        help:
            "Folder of the text tokenizer of a LeRobot policy (default: the one that it names, in the Hub's local cache)."
    )
    var textTokenizer: String?

    @Option(
        help:
            "Folder of the action tokenizer of a LeRobot policy (default: the one that it names, in the Hub's local cache)."
    )
    var actionTokenizer: String?

    @Option(
        name: .customLong("fps"),
        help: "Control frequency of a LeRobot policy, Hz, which its folder does not tell (default: 30)."
    )
    var framesPerSecond: Double?

    func validate() throws {
        if let framesPerSecond, !(framesPerSecond > 0 && framesPerSecond.isFinite) {
            throw ValidationError("--fps: expected a positive number, found \(framesPerSecond)")
        }
    }

    /// The options as a policy of LeRobot's reads them.
    var options: LeRobotPolicyFolder.Options {
        var options = LeRobotPolicyFolder.Options()
        options.textTokenizer = textTokenizer?.asFile
        options.actionTokenizer = actionTokenizer?.asFile
        options.framesPerSecond = framesPerSecond ?? options.framesPerSecond
        return options
    }

    /// The tokenizers that are given, by the options' names.
    var given: [String: String] {
        ["text-tokenizer": textTokenizer, "action-tokenizer": actionTokenizer].compactMapValues { $0 }
    }

    /// Refuses options of the other kind of policy.
    func check(_ folder: URL, embodiment: String?, decoding: DecodingSettings = DecodingSettings()) throws {
        if LeRobotPolicyFolder.isFolder(folder) {
            guard embodiment == nil, decoding == DecodingSettings() else {
                throw ValidationError(
                    "\(folder.path): is a policy of LeRobot's, which decodes greedily and for one robot; --embodiment and "
                        + "options of decoding have no meaning"
                )
            }
        } else if textTokenizer != nil || actionTokenizer != nil || framesPerSecond != nil {
            throw ValidationError(
                "--text-tokenizer, --action-tokenizer, --fps: are for policies of LeRobot's, and \(folder.path) is none"
            )
        }
    }
}

/// Opens the policy in `folder`, of this package or of LeRobot's, and warms it up.
func openPolicy(
    _ folder: URL,
    embodiment: String?,
    device: Device,
    decoding: DecodingSettings,
    lerobot: LeRobotOptions
) async throws -> any Policy {
    try lerobot.check(folder, embodiment: embodiment, decoding: decoding)
    if LeRobotPolicyFolder.isFolder(folder) {
        return try await LeRobotPolicyFolder.load(from: folder, options: lerobot.options, device: device)
    }
    return try await PolicyFolder.load(
        from: folder,
        embodiment: embodiment,
        device: device,
        decoding: decoding
    )
}
