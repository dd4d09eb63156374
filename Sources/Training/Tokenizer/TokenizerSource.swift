internal import FASTerVQ
public import RobotTypes
internal import Torch

/// One robot's chunks, as a tokenizer's training draws from them.
public struct TokenizerSource: Sendable {
    /// What the columns of an action mean.
    public let actionSpace: ActionSpace

    /// How the robot's units map to normalised ones.
    public let normalization: Normalization

    /// Normalised chunks; steps beyond an episode's end repeat its last action.
    public let chunks: ActionChunks

    /// How often the training draws from them, compared to other sources.
    public let weight: Double

    /// Prepares chunks in the robot's units.
    public init(
        actionSpace: ActionSpace,
        normalization: Normalization,
        chunks: ActionChunks,
        weight: Double = 1
    ) {
        self.actionSpace = actionSpace
        self.normalization = normalization
        self.weight = weight
        var normalized = chunks.holdingLastValidStep()
        normalized.values = normalization.normalized(normalized.values)
        self.chunks = normalized
    }
}

/// A source's chunks and masks on the device.
struct SourceTensors {
    let embodiment: Embodiment
    let actions: Tensor
    let stepMask: Tensor
    private let placeMask: Tensor

    init(_ source: TokenizerSource, embodiment: Embodiment, device: Device) {
        self.embodiment = embodiment
        let chunks = source.chunks
        let patchifier = embodiment.patchifier
        let places = patchifier.validLearnedPlaces(chunks.validSteps).map { Float($0 ? 1 : 0) }
        actions = chunks.actions(on: device)
        stepMask = chunks.stepMask(on: device)
        placeMask = Tensor(places, shape: [chunks.count, patchifier.learnedPlaceCount], device: device)
    }

    var count: Int { actions.size(0) }

    /// The chunks at `picks`.
    func chunks(at picks: [Int]) -> TrainingChunks {
        let picks = Tensor(picks, device: actions.device)
        return TrainingChunks(
            embodiment: embodiment,
            actions: actions.gathering(picks, axis: 0),
            stepMask: stepMask.gathering(picks, axis: 0),
            placeMask: placeMask.gathering(picks, axis: 0)
        )
    }
}
