public import Backbones
public import NN
public import Torch

/// Backbone, action expert and head: what is trained.
public struct FASTerVLANetwork: Module {
    /// Reads images, instruction and state.
    public let backbone: any Backbone

    /// Turns inputs of the head into features; where there is none, the backbone does that itself.
    public let expert: ActionExpert?

    /// What goes into the expert, and what its features mean.
    public let head: ActionHead

    /// Creates a network with first weights from libtorch's generator.
    ///
    /// - Parameters:
    ///   - backbone: The backbone.
    ///   - expert: The expert's architecture; nil lets the backbone answer, which has to be able to
    ///     (`Backbone.supportsDecoding`).
    ///   - head: The head's architecture.
    ///   - device: Where the parameters live.
    public init(
        backbone: any Backbone,
        expert: ActionExpert.Configuration?,
        head: ActionHead.Configuration,
        device: Device
    ) {
        precondition(
            expert != nil || backbone.supportsDecoding,
            "without an expert, the backbone has to answer itself"
        )
        self.backbone = backbone
        self.expert = expert.map { ActionExpert($0, backbone: backbone, device: device) }
        self.head = head.makeHead(width: expert?.width ?? backbone.width, device: device)
    }

    /// The head, where it speaks in codes.
    public var codeHead: CodeHead? {
        if case .codes(let head) = head { head } else { nil }
    }

    /// One forward of some slots of the head.
    ///
    /// - Parameters:
    ///   - inputs: `[B, L, width]`.
    ///   - positions: Rotary positions of the slots, float `[B or 1, L]`.
    ///   - cache: The prefix and earlier slots; keys and values of these slots are appended.
    ///   - mask: bool, broadcasts to `[B, 1, L, S + earlier + L]`; nil attends to all.
    ///   - packed: The expert in a form that is faster for a few slots and no mask.
    /// - Returns: Normalized features, `[B, L, width]`.
    func features(
        _ inputs: Tensor,
        positions: Tensor,
        cache: inout KeyValueCache,
        mask: Tensor?,
        packed: PackedExpert? = nil
    ) -> Tensor {
        if let packed, mask == nil, positions.size(0) == 1,
            PackedExpert.suits(batch: inputs.size(0), slots: inputs.size(1)),
            let features = packed.features(inputs, positions: positions, cache: &cache)
        {
            return features
        }
        return expert?.decode(inputs, positions: positions, cache: &cache, mask: mask)
            ?? backbone.decode(inputs, positions: positions, cache: &cache, mask: mask)
    }

    /// The loss of a batch, and what to watch.
    ///
    /// - Parameters:
    ///   - input: What the robot saw.
    ///   - targets: What it should have done; a head of codes needs them.
    ///   - settings: How parts are weighed.
    /// - Returns: Scalars that can be differentiated.
    public func loss(
        _ input: PrefixInput,
        targets: ActionTargets,
        settings: LossSettings = LossSettings()
    ) -> PolicyLoss {
        loss(after: backbone.prefix(of: input), targets: targets, settings: settings)
    }

    /// The loss of a batch of which the backbone has made `prefix`.
    public func loss(
        after prefix: Prefix,
        targets: ActionTargets,
        settings: LossSettings = LossSettings()
    ) -> PolicyLoss {
        switch head {
        case .codes(let head): loss(of: targets, head, after: prefix, settings)
        case .flow(let head): loss(of: targets, head, after: prefix)
        case .regression(let head): loss(of: targets, head, after: prefix)
        }
    }
}
