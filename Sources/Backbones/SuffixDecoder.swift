public import NN
public import Torch

// Axes in this file
//   B  batch      L  slots of this forward      S  prefix tokens

/// One forward of a few suffix slots on top of a prefix: the action expert, or the backbone itself.
public protocol SuffixDecoder: Sendable {
    /// Features of suffix slots.
    ///
    /// - Parameters:
    ///   - inputs: `[B, L, width]`.
    ///   - positions: Rotary positions of the slots, float `[B or 1, L]`.
    ///   - cache: Keys and values of the prefix and of earlier slots; those of these slots are appended.
    ///   - mask: bool, broadcasts to `[B, 1, L, S + earlier + L]`; nil attends to all.
    /// - Returns: Normalized features, `[B, L, width]`.
    func decode(_ inputs: Tensor, positions: Tensor, cache: inout KeyValueCache, mask: Tensor?) -> Tensor

    /// The layers that it consists of; nil for one that does not consist of ``DecoderLayer``s.
    var stack: DecoderStack? { get }
}

/// Decoder layers and the norm after them.
public struct DecoderStack: SuffixDecoder {
    /// In the order of the forward, one a layer of the cache.
    public let layers: [DecoderLayer]

    /// After the last layer.
    public let norm: LayerNorm

    /// Rotary positions of every layer.
    public let rotary: RotaryPositions

    /// Stacks `layers`, with `norm` after them.
    public init(layers: [DecoderLayer], norm: LayerNorm, rotary: RotaryPositions) {
        (self.layers, self.norm, self.rotary) = (layers, norm, rotary)
    }

    /// The stack itself.
    public var stack: DecoderStack? { self }

    /// Features of suffix slots, normalized `[B, L, width]`.
    public func decode(_ inputs: Tensor, positions: Tensor, cache: inout KeyValueCache, mask: Tensor?)
        -> Tensor
    {
        let angles = rotary.angles(for: positions)
        var x = inputs
        for (index, layer) in layers.enumerated() {
            x = layer(x, angles: angles, mask: mask) { cache.append(key: $0, value: $1, layer: index) }
        }
        return norm(x)
    }
}
