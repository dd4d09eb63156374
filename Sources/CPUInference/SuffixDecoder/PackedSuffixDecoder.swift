public import Backbones
internal import Foundation
internal import NN
public import Torch

/// A suffix decoder on hand-written kernels, for the few slots of one robot on a CPU.
///
/// A block's forward is some millions of multiplications: through libtorch, calling them takes longer than doing them.
/// Forwards that need a mask, and larger ones, are left to libtorch.
public struct PackedSuffixDecoder: SuffixDecoder {
    private struct Layer: Sendable {
        let attentionNorm: [Float]
        let projection: PackedLinear
        let attention: PackedCachedAttention
        let output: PackedLinear
        let feedForwardNorm: [Float]
        let up: PackedLinear
        let down: PackedLinear

        /// nil for another kind of layer than the kernels compute: layer norms, QK norm, heads with keys of their own, GELU.
        init?(_ layer: TransformerLayer) {
            var kind = layer.configuration
            let heads = kind.attention.headCount
            kind.attention = .init(headCount: heads, headWidth: kind.attention.headWidth)
            kind.attention.queryKeyNorm = layer.configuration.attention.queryKeyNorm
            guard kind == layer.configuration, kind.feedForward.activation == .gelu,
                !kind.feedForward.isGated,
                !kind.normalizesBranches, !kind.scalesBranches, kind.slidingWindow == nil,
                let attentionNorm = layer.attentionNorm as? LayerNorm,
                let feedForwardNorm = layer.feedForwardNorm as? LayerNorm,
                let queryNorm = layer.attention.queryNorm as? LayerNorm, queryNorm.bias == nil,
                let keyNorm = layer.attention.keyNorm as? LayerNorm
            else { return nil }
            self.attentionNorm = attentionNorm.weight.floats
            projection = PackedLinear(layer.attention.projection, after: attentionNorm)
            attention = PackedCachedAttention(
                headCount: heads,
                queryNorm: queryNorm.weight.floats,
                keyNorm: keyNorm.weight.floats,
                epsilon: queryNorm.epsilon
            )
            output = PackedLinear(layer.attention.output)
            self.feedForwardNorm = feedForwardNorm.weight.floats
            up = PackedLinear(layer.feedForward.up, after: feedForwardNorm)
            down = PackedLinear(layer.feedForward.down)
        }
    }

    /// The decoder of which this has the weights.
    private let plain: any SuffixDecoder
    private let layers: [Layer]
    private let epsilon: Float
    /// Scale and shift of the last norm.
    private let norm: (scale: [Float], shift: [Float])
    /// Frequencies of the rotary embedding, `[headWidth / 2]`.
    private let frequencies: [Float]

    /// Copies the present weights of `decoder`; nil for one whose layers are not those of the compact backbone, or whose
    /// weights are not in single precision in a CPU's memory.
    public init?(_ decoder: any SuffixDecoder) {
        guard let stack = decoder.stack, let norm = stack.norm as? LayerNorm else { return nil }
        guard norm.weight.device == .cpu, norm.weight.dtype == .float32 else { return nil }
        let layers = stack.layers.compactMap(Layer.init)
        guard layers.count == stack.layers.count else { return nil }
        plain = decoder
        epsilon = Float(norm.epsilon)
        self.norm = (
            norm.weight.floats, norm.bias?.floats ?? [Float](repeating: 0, count: norm.weight.count)
        )
        frequencies = stack.rotary.frequencies
        self.layers = layers
    }

    /// nil: its layers are no longer those of libtorch.
    public var stack: DecoderStack? { nil }

    /// Features of suffix slots, normalized `[B, L, width]`, to rounding those of the decoder it was made from.
    public func decode(_ inputs: Tensor, positions: Tensor, cache: inout KeyValueCache, mask: Tensor?)
        -> Tensor
    {
        if mask == nil, positions.size(0) == 1, Self.suits(rows: inputs.size(0) * inputs.size(1)),
            let features = features(inputs, positions: positions, cache: &cache)
        {
            return features
        }
        return plain.decode(inputs, positions: positions, cache: &cache, mask: mask)
    }

    /// True for so few rows that one core is faster than libtorch on several.
    static func suits(rows: Int) -> Bool { rows <= 64 }

    /// Features of slots that attend to the whole cache, `[B, L, width]`; nil for a cache that cannot be written in place.
    func features(_ inputs: Tensor, positions: Tensor, cache: inout KeyValueCache) -> Tensor? {
        let (count, width) = (inputs.size(1), inputs.size(2))
        var x = Rows(inputs.floats, width: width)
        let angles = positions.floats.flatMap { position in frequencies.map { $0 * position } }
        let cosines = Rows(angles.map(cos), width: frequencies.count)
        let sines = Rows(angles.map(sin), width: frequencies.count)
        for (index, layer) in layers.enumerated() {
            let read = cache.withRoom(for: count, layer: index) { keys, values, room, filled in
                // Made here, as attention rotates queries and keys in place: a buffer with another owner would be copied.
                layer.attention(
                    layer.projection(x.normalized(scale: layer.attentionNorm, epsilon: epsilon)),
                    cosines: cosines,
                    sines: sines,
                    cache: .init(keys: keys, values: values, room: room, filled: filled)
                )
            }
            guard let read else { return nil }
            layer.output.add(read, to: &x)
            var hidden = layer.up(x.normalized(scale: layer.feedForwardNorm, epsilon: epsilon))
            hidden.applyGelu()
            layer.down.add(hidden, to: &x)
        }
        var features = x.normalized(scale: norm.scale, epsilon: epsilon)
        for index in features.values.indices { features.values[index] += norm.shift[index % width] }
        return Tensor(features.values, shape: inputs.shape)
    }
}
