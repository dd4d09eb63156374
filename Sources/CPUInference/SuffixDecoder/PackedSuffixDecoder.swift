public import Backbones
internal import Foundation
internal import NN
public import Torch

/// A suffix decoder on hand-written kernels, for the few slots of one robot on a CPU.
///
/// A block's forward is some millions of multiplications: through libtorch, calling them takes longer than doing them.
/// Masks that differ between the tokens of a forward, and larger forwards, are left to libtorch.
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
        let length = cache.length(ofLayer: 0) + inputs.size(1)
        if mask.map({ $0.shape.dropFirst() == [1, 1, length] }) ?? true, positions.size(0) == 1,
            Self.suits(rows: inputs.size(0) * inputs.size(1)),
            let features = features(inputs, positions: positions, cache: &cache, mask: mask)
        {
            return features
        }
        return plain.decode(inputs, positions: positions, cache: &cache, mask: mask)
    }

    /// True for so few rows that one core is faster than libtorch on several.
    public static func suits(rows: Int) -> Bool { rows <= 64 }

    /// Features of slots that attend to the whole cache but its padding, `[B, L, width]`; nil for a cache that cannot be written in place.
    ///
    /// The mask is true for what is to be seen, bool `[B or 1, 1, 1, S + L]`; nil for all.
    func features(_ inputs: Tensor, positions: Tensor, cache: inout KeyValueCache, mask: Tensor? = nil)
        -> Tensor?
    {
        let (count, width) = (inputs.size(1), inputs.size(2))
        let angles = positions.floats.flatMap { position in frequencies.map { $0 * position } }
        let turned = PackedAngles(cosines: angles.map(cos), sines: angles.map(sin))
        let keyWidth = layers.first?.keyWidth ?? 0
        let biases = mask.map { Self.biases($0, batch: inputs.size(0)) }
        var caches: [PackedCachedAttention.Cache] = []
        for index in layers.indices {
            let lent = cache.withRoom(for: count, layer: index) { keys, values, room, filled in
                PackedCachedAttention.Cache(
                    keys: keys,
                    values: values,
                    room: room,
                    filled: filled,
                    elementCount: room * keyWidth,
                    biases: biases
                )
            }
            guard let lent else { return nil }
            caches.append(lent)
        }
        let x = Rows(inputs.floats, width: width)
        let batch = inputs.size(0)
        let threads = min(Torch.threadCount, batch)
        let parts = (0 ..< threads).map { batch * $0 / threads ..< batch * ($0 + 1) / threads }
        // Elements of a batch write to memory of their own.
        nonisolated(unsafe) let memory = caches
        let features = inParallel(threads) { part -> [Float] in
            let elements = parts[part]
            return self.features(
                x[elements.lowerBound * count ..< elements.upperBound * count],
                turned,
                tokens: count,
                caches: memory.map { $0.from(element: elements.lowerBound) }
            )
        }
        return Tensor(features.flatMap(\.self), shape: inputs.shape)
    }

    /// Biases of attention scores for every element of a batch: 0 for visible keys, -infinity for others.
    private static func biases(_ mask: Tensor, batch: Int) -> [[Float]] {
        let (seen, length) = (mask.values(as: Bool.self), mask.size(3))
        return (0 ..< batch).map { element in
            let first = mask.size(0) == 1 ? 0 : element * length
            return seen[first ..< first + length].map { $0 ? 0 : -.infinity }
        }
    }

    /// Features of tokens, `[batch · tokens, width]`.
    private func features(
        _ x: Rows,
        _ angles: PackedAngles,
        tokens: Int,
        caches: [PackedCachedAttention.Cache]
    ) -> [Float] {
        var x = x
        for (layer, cache) in zip(layers, caches) {
            layer(&x, angles: angles, tokens: tokens, cache: cache)
        }
        var features = x.normalized(scale: norm.scale, epsilon: epsilon)
        let width = x.width
        features.values.withUnsafeMutableBufferPointer { values in
            for first in stride(from: 0, to: values.count, by: width) {
                for channel in 0 ..< width { values[first + channel] += norm.shift[channel] }
            }
        }
        return features.values
    }
}
