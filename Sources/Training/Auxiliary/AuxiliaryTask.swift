internal import Backbones
internal import Torch

/// An auxiliary task of a policy's backbone: something that it learns to predict beside actions.
protocol AuxiliaryTask: Sendable {
    /// Name of its loss in `metrics.jsonl`.
    var metric: String { get }

    /// Weight of its loss beside that of the actions.
    var weight: Double { get }

    /// Computes the task's loss.
    ///
    /// - Parameters:
    ///   - prefix: The backbone's output for `batch`.
    ///   - batch: Examples, by their positions in the dataset that the task belongs to.
    ///   - device: Device of the prefix.
    /// - Returns: A scalar; nil where the backbone has no head for the task.
    func loss(of prefix: Prefix, at batch: PolicyBatch, device: Device) -> Tensor?
}
