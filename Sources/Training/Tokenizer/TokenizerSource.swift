internal import FASTerVQ
internal import RobotTypes
internal import Torch

/// One robot's chunks, as a tokenizer's training samples them.
struct TokenizerSource: Sendable {
    /// The columns of an action.
    let actionSpace: ActionSpace

    /// Map from the robot's units to normalised ones.
    let normalization: Normalization

    /// Normalised chunks.
    let chunks: ActionChunks

    /// Sampling weight beside other sources.
    let weight: Double

    /// Normalises `chunks`, which are in the robot's units.
    init(actionSpace: ActionSpace, normalization: Normalization, chunks: ActionChunks, weight: Double = 1) {
        self.actionSpace = actionSpace
        self.normalization = normalization
        self.weight = weight
        var normalized = chunks
        normalized.values = normalization.normalized(chunks.values)
        self.chunks = normalized
    }
}

/// A source's chunks and masks on the device.
struct SourceTensors {
    let embodiment: Embodiment
    private let actions: Tensor
    private let stepMask: Tensor

    /// Lays `source` out for `model`.
    ///
    /// - Throws: `PatchError` when the robot does not fit the model's patches.
    init(_ source: TokenizerSource, model: FASTerVQModel, device: Device) throws {
        let chunks = source.chunks
        let patchifier = try model.makePatchifier(source.actionSpace, horizon: chunks.horizon)
        embodiment = Embodiment(patchifier: patchifier, normalization: source.normalization, device: device)
        actions = chunks.actions(on: device)
        stepMask = chunks.stepMask(on: device)
    }

    var count: Int { actions.size(0) }

    var horizon: Int { actions.size(1) }

    /// The chunks at `picks`.
    func chunks(at picks: [Int]) -> ActionBatch {
        let picks = Tensor(picks, device: actions.device)
        return ActionBatch(
            embodiment: embodiment,
            actions: actions.gathering(picks, axis: 0),
            stepMask: stepMask.gathering(picks, axis: 0)
        )
    }
}
