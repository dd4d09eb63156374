public import Backbones
internal import Foundation
internal import NN
public import Torch

/// A suffix decoder on hand-written kernels, for the few slots of one robot on a CPU.
///
/// A block's forward is some millions of multiplications: through libtorch, calling them takes longer than doing them.
/// Forwards that need a mask, and larger ones, are left to libtorch.
public struct PackedSuffixDecoder: SuffixDecoder {
    /// The decoder of which this has the weights.
    private let plain: any SuffixDecoder
    private let layers: [PackedDecoderLayer]
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
        let layers = stack.layers.compactMap(PackedDecoderLayer.init)
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
        let turned = PackedAngles(cosines: angles.map(cos), sines: angles.map(sin))
        for (index, layer) in layers.enumerated() {
            let isDone: Void? = cache.withRoom(for: count, layer: index) { keys, values, room, filled in
                layer(
                    &x,
                    angles: turned,
                    tokens: count,
                    cache: .init(keys: keys, values: values, room: room, filled: filled)
                )
            }
            guard isDone != nil else { return nil }
        }
        var features = x.normalized(scale: norm.scale, epsilon: epsilon)
        for index in features.values.indices { features.values[index] += norm.shift[index % width] }
        return Tensor(features.values, shape: inputs.shape)
    }
}
