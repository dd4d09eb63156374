public import Backbones
public import NN
public import Torch

/// Backbone, action expert and head: everything that is trained.
public struct FASTerVLANetwork: Module {
    /// Encodes images, instruction and state.
    public let backbone: any Backbone

    /// Transformer of the suffix; nil for a policy whose backbone decodes.
    public let expert: ActionExpert?

    /// Maps actions to inputs of the suffix, and features to actions.
    public let head: ActionHead

    /// Creates a network with random weights from libtorch's generator.
    ///
    /// - Parameters:
    ///   - backbone: The backbone.
    ///   - expert: The expert's architecture; nil takes the backbone as decoder, which must support it.
    ///   - head: The head's architecture.
    ///   - device: Device of the parameters.
    public init(
        backbone: any Backbone,
        expert: ActionExpert.Configuration?,
        head: ActionHead.Configuration,
        device: Device
    ) {
        precondition(
            expert != nil || backbone.supportsDecoding,
            "without an expert, the backbone has to support decoding"
        )
        self.backbone = backbone
        self.expert = expert.map { ActionExpert($0, backbone: backbone, device: device) }
        self.head = withPlainLinearLayers {
            head.makeHead(width: expert?.width ?? backbone.width, device: device)
        }
    }

    /// The action expert, or the backbone of a policy without one.
    public var suffixDecoder: any SuffixDecoder { expert ?? backbone }

    /// The head of a policy that predicts tokens; nil for others.
    public var blockHead: BlockHead? {
        if case .blocks(let head) = head { head } else { nil }
    }

    /// The loss of a batch.
    ///
    /// - Parameters:
    ///   - input: Observations.
    ///   - targets: Demonstrated actions, with their codes for a head of tokens.
    ///   - settings: Weights of the loss's parts.
    /// - Returns: Scalars that can be differentiated.
    public func loss(
        _ input: PrefixInput,
        targets: ActionTargets,
        settings: LossSettings = LossSettings()
    ) -> PolicyLoss {
        loss(after: backbone.prefix(of: input), targets: targets, settings: settings)
    }

    /// The loss of a batch with the backbone's `prefix` for it.
    public func loss(
        after prefix: Prefix,
        targets: ActionTargets,
        settings: LossSettings = LossSettings()
    ) -> PolicyLoss {
        switch head {
        case .blocks(let head): loss(of: targets, head, after: prefix, settings)
        case .flow(let head): loss(of: targets, head, after: prefix)
        case .regression(let head): loss(of: targets, head, after: prefix)
        }
    }
}
