internal import Backbones
internal import FASTerVLA
internal import NN
internal import Torch

/// Codes that the backbone predicts itself, with a head of its own: what it learns from under knowledge insulation (arXiv
/// 2505.23705), where the action expert's loss stops at the prefix.
///
/// It is a part of the training only: a policy's folder does not hold it.
struct BackboneCodes {
    /// A policy without an expert, on the same backbone.
    let network: FASTerVLANetwork

    /// Creates a head of the architecture of the expert's, with random weights and without codewords.
    init(_ head: ActionHead.Configuration, of backbone: any Backbone, device: Device) {
        var head = head
        if case .blocks(var blocks) = head {
            blocks.codewordWidth = nil
            head = .blocks(blocks)
        }
        network = FASTerVLANetwork(backbone: backbone, expert: nil, head: head, device: device)
    }

    /// Tensors of the head.
    var tensors: [NamedTensor] {
        network.head.tensors.map { NamedTensor(name: "backboneHead.\($0.name)", tensor: $0.tensor) }
    }

    /// Loss of the backbone's own prediction, by its name in `metrics.jsonl`.
    func loss(after prefix: Prefix, targets: ActionTargets, _ settings: LossSettings) -> (
        metric: String, loss: Tensor, weight: Double
    ) {
        ("backbone_loss", network.loss(after: prefix, targets: targets, settings: settings).total, 1)
    }
}
