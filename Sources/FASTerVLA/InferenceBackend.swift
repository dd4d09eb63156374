public import Backbones
public import NN

/// Implementations of a network's forwards: libtorch's, unless a policy is loaded with faster ones.
public struct InferenceBackend: Sendable {
    /// The forward that encodes an observation.
    public let prefixEncoder: any PrefixEncoder

    /// One forward of a few suffix slots.
    public let suffixDecoder: any SuffixDecoder

    /// Maps of features to logits, one a codebook; empty for heads without tokens.
    public let classifiers: [any AffineMap]

    /// The modules of `network`.
    public init(_ network: FASTerVLANetwork) {
        self.init(
            prefixEncoder: network.backbone,
            suffixDecoder: network.suffixDecoder,
            classifiers: network.blockHead?.classifiers ?? []
        )
    }

    /// Takes the given implementations of the network's modules.
    public init(
        prefixEncoder: any PrefixEncoder,
        suffixDecoder: any SuffixDecoder,
        classifiers: [any AffineMap]
    ) {
        self.prefixEncoder = prefixEncoder
        self.suffixDecoder = suffixDecoder
        self.classifiers = classifiers
    }
}
