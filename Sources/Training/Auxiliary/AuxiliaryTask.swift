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
    ///   - output: The backbone's output for `batch`.
    ///   - batch: Examples, with the labels of the task.
    ///   - device: Device of the prefix.
    /// - Returns: A scalar; nil where the backbone has no head for the task.
    func loss(of output: BackboneOutput, at batch: PolicyBatch, device: Device) -> Tensor?
}

/// Prefix of a batch, and the estimates of auxiliary heads of the backbone.
struct BackboneOutput {
    /// Keys and values for action tokens.
    let prefix: Prefix

    /// Object poses; nil for a backbone without a head for them.
    let objectPoses: ObjectPoseEstimate?
}

extension Backbone {
    /// The input with features of a frozen encoder in place of its images, for a backbone with such an encoder.
    func encodingImages(of input: PrefixInput) -> PrefixInput {
        (self as? CompactBackbone)?.encodingImages(of: input) ?? input
    }

    /// One forward, the estimates of auxiliary heads included.
    func output(of input: PrefixInput) -> BackboneOutput {
        guard let compact = self as? CompactBackbone else {
            return BackboneOutput(prefix: prefix(of: input), objectPoses: nil)
        }
        let output = compact.output(for: input)
        return BackboneOutput(prefix: output.prefix, objectPoses: output.objectPoses)
    }
}
