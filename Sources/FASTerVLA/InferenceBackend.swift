public import Backbones
public import NN

/// Implementations of the layers that decoding runs for every block: libtorch's, unless a policy is loaded with faster ones.
public struct InferenceBackend: Sendable {
    /// One forward of a few suffix slots.
    public let suffixDecoder: any SuffixDecoder

    /// Maps of features to logits, one a codebook; empty for heads without tokens.
    public let classifiers: [any AffineMap]

    /// The modules of `network`.
    public init(_ network: FASTerVLANetwork) {
        self.init(
            suffixDecoder: network.suffixDecoder,
            classifiers: network.blockHead?.classifiers ?? []
        )
    }

    /// Takes the given implementations of the network's modules.
    public init(suffixDecoder: any SuffixDecoder, classifiers: [any AffineMap]) {
        self.suffixDecoder = suffixDecoder
        self.classifiers = classifiers
    }
}
