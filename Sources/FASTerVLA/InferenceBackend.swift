public import Backbones

/// Implementations of a network's forwards: libtorch's, unless a policy is loaded with faster ones.
public struct InferenceBackend: Sendable {
    /// The forward that encodes an observation.
    public let prefixEncoder: any PrefixEncoder

    /// One forward of a few suffix slots.
    public let suffixDecoder: any SuffixDecoder

    /// Inputs and scores of a head of tokens; nil for others.
    let head: (any BlockHeadForwards)?

    /// The modules of `network`.
    public init(_ network: FASTerVLANetwork) {
        self.init(
            prefixEncoder: network.backbone,
            suffixDecoder: network.suffixDecoder,
            head: network.blockHead
        )
    }

    /// Takes the given implementations of the network's modules.
    init(
        prefixEncoder: any PrefixEncoder,
        suffixDecoder: any SuffixDecoder,
        head: (any BlockHeadForwards)?
    ) {
        self.prefixEncoder = prefixEncoder
        self.suffixDecoder = suffixDecoder
        self.head = head
    }
}
