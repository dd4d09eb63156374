public import Backbones
public import NN
public import Torch

/// Action expert: the backbone's transformer once more, as deep but narrower, whose queries attend, layer by layer, to the
/// backbone's keys and values and to its own (arXiv 2512.04952, action expert; as in pi-0, arXiv 2410.24164).
///
/// Its inputs and the meaning of its features belong to the ``ActionHead``.
public struct ActionExpert: Module, SuffixDecoder {
    /// The architecture.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Number of channels.
        public var width = 128

        /// Channels of the feed-forward networks; nil for as many times the width as in the backbone.
        public var feedForwardWidth: Int?

        /// The defaults.
        public init() {}
    }

    private let layers: [TransformerLayer]
    private let norm: any Norm
    private let rotary: RotaryPositions

    /// Creates an expert with random weights, of the layers of `backbone`.
    init(_ configuration: Configuration, backbone: any Backbone, device: Device) {
        let wide = backbone.layerConfigurations
        layers = wide.map { layer in
            TransformerLayer(
                layer.narrowed(to: configuration.width, hidden: configuration.feedForwardWidth),
                layerCount: wide.count,
                device: device
            )
        }
        norm = wide[0].norm.makeNorm(configuration.width, device: device)
        rotary = backbone.rotary
    }

    /// Its layers.
    public var stack: DecoderStack? { DecoderStack(layers: layers, norm: norm, rotary: rotary) }

    /// Features of suffix slots, normalized `[B, L, width]`.
    public func decode(_ inputs: Tensor, positions: Tensor, cache: inout KeyValueCache, mask: Tensor?)
        -> Tensor
    {
        DecoderStack(layers: layers, norm: norm, rotary: rotary)
            .decode(inputs, positions: positions, cache: &cache, mask: mask)
    }
}
