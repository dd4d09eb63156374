public import Backbones
public import NN
public import Torch

/// Action expert: a transformer as deep as the backbone but narrower, whose queries attend, layer by layer, to the
/// backbone's keys and values and to its own (arXiv 2512.04952, action expert; as in pi-0, arXiv 2410.24164).
///
/// Its inputs and the meaning of its features belong to the ``ActionHead``.
public struct ActionExpert: Module, SuffixDecoder {
    /// The architecture.
    public struct Configuration: Codable, Equatable, Sendable {
        /// Number of channels.
        public var width = 128

        /// The defaults.
        public init() {}
    }

    private let layers: [DecoderLayer]
    private let norm: LayerNorm
    private let rotary: RotaryPositions

    /// Creates an expert with random weights for a backbone of the given shape.
    init(_ configuration: Configuration, backbone: any Backbone, device: Device) {
        layers = (0 ..< backbone.layerCount).map { _ in
            DecoderLayer(
                width: configuration.width,
                headCount: backbone.headCount,
                headWidth: backbone.headWidth,
                layerCount: backbone.layerCount,
                device: device
            )
        }
        norm = LayerNorm(configuration.width, device: device)
        rotary = RotaryPositions(width: backbone.headWidth)
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
