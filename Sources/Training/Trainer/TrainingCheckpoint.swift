internal import Foundation
internal import NN
internal import Safetensors
internal import Torch

/// Checkpoint file of an interrupted training, for resuming it.
struct TrainingCheckpoint {
    private let file: URL
    private let identity: String

    /// The checkpoint in `folder` of the training that `identity` describes.
    init(in folder: URL, identity: String) {
        file = folder.appending(path: "checkpoint.safetensors")
        self.identity = identity
    }

    /// Writes the state after `step` steps.
    func save(_ model: [NamedTensor], _ sharded: [CheckpointEntry], step: Int) throws {
        try Checkpoint.save(
            entries(model, sharded, random: Torch.randomState),
            metadata: ["step": String(step), "recipe": identity],
            to: file
        )
    }

    /// True if there is a checkpoint.
    var exists: Bool { FileManager.default.fileExists(atPath: file.path) }

    /// Restores tensors and libtorch's random state.
    ///
    /// - Returns: Number of steps done; 0 where there is no checkpoint.
    /// - Throws: ``TrainingError`` for a checkpoint of another training, or a damaged one.
    func restore(_ model: [NamedTensor], _ sharded: [CheckpointEntry]) throws -> Int {
        guard exists else { return 0 }
        let metadata = try reading { try SafetensorsFile(reading: file).metadata }
        let then = metadata["recipe"] ?? ""
        guard RunIdentity.agree(then, identity), let step = metadata["step"].flatMap(Int.init) else {
            throw TrainingError(
                description:
                    "\(file.path): was written with other settings or data; resume with the same ones, "
                    + "or start anew without --resume (then: \(Self.settings(of: then, notIn: identity)); now: "
                    + "\(Self.settings(of: identity, notIn: then)))"
            )
        }
        let random = Torch.randomState
        try reading { try Checkpoint.load(entries(model, sharded, random: random), from: file) }
        Torch.randomState = random
        return step
    }

    /// Runs `body`, whose errors about the file then say how to go on.
    private func reading<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch {
            guard error is SafetensorsError || error is CheckpointError else { throw error }
            throw TrainingError(
                description: "\(error); the checkpoint is damaged: start anew without --resume"
            )
        }
    }

    /// Removes the file.
    func remove() { try? FileManager.default.removeItem(at: file) }

    private func entries(
        _ model: [NamedTensor],
        _ sharded: [CheckpointEntry],
        random: Tensor
    ) -> [CheckpointEntry] {
        model.map { CheckpointEntry(NamedTensor(name: "model.\($0.name)", tensor: $0.tensor)) }
            + sharded + [CheckpointEntry(NamedTensor(name: "random", tensor: random))]
    }

    /// The settings in one identity that another one lacks, as people write them.
    private static func settings(of identity: String, notIn other: String) -> String {
        let known = parts(of: other)
        let settings = parts(of: identity).filter { !known.contains($0) }
            .map { $0.filter { !"{}\"".contains($0) }.trimmingCharacters(in: .whitespaces) }
        return settings.isEmpty ? "nothing of it" : settings.joined(separator: ", ")
    }

    /// An identity cut at its commas, but for those of lists, and behind the recipe.
    private static func parts(of identity: String) -> [Substring] {
        var depth = 0
        return identity.replacing("} seed ", with: "}, seed ").split { character in
            if character == "[" { depth += 1 }
            if character == "]" { depth -= 1 }
            return character == "," && depth == 0
        }
    }
}
