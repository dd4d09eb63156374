internal import Backbones
internal import CPUInference
internal import Foundation
internal import NN
internal import Torch

/// An action expert as its weights are now, for the few slots of one robot on a CPU.
///
/// A block's forward is some millions of multiplications; through libtorch it takes longer to call them than to do them.
struct PackedExpert: Sendable {
    private struct Layer: Sendable {
        let attentionNorm: [Float]
        let projection: PackedLinear
        let attention: PackedCachedAttention
        let output: PackedLinear
        let feedForwardNorm: [Float]
        let up: PackedLinear
        let down: PackedLinear
    }

    private let layers: [Layer]
    private let epsilon: Float
    /// Scale and shift of the last norm.
    private let norm: (scale: [Float], shift: [Float])
    /// Of the rotary positions, `[headWidth / 2]`.
    private let frequencies: [Float]

    /// Packs `expert`; nil where its weights do not lie in a CPU's memory in single precision.
    init?(_ expert: ActionExpert) {
        guard let parts = expert.stack else { return nil }
        let scale = parts.norm.weight
        guard scale.device == .cpu, scale.dtype == .float32 else { return nil }
        epsilon = Float(parts.norm.epsilon)
        norm = (
            scale.floats, parts.norm.bias?.floats ?? [Float](repeating: 0, count: scale.count)
        )
        frequencies = parts.rotary.frequencies
        layers = parts.layers.map { layer in
            let attention = layer.attention
            return Layer(
                attentionNorm: layer.attentionNorm.weight.floats,
                projection: PackedLinear(attention.projection, after: layer.attentionNorm),
                attention: PackedCachedAttention(
                    headCount: attention.headCount,
                    queryNorm: attention.queryNorm.weight.floats,
                    keyNorm: attention.keyNorm.weight.floats,
                    epsilon: attention.queryNorm.epsilon
                ),
                output: PackedLinear(attention.output),
                feedForwardNorm: layer.feedForwardNorm.weight.floats,
                up: PackedLinear(layer.feedForward.up, after: layer.feedForwardNorm),
                down: PackedLinear(layer.feedForward.down)
            )
        }
    }

    /// Whether `batch` motions of `slots` slots each are few enough to be faster than libtorch, which computes on several
    /// cores.
    static func suits(batch: Int, slots: Int) -> Bool { batch * slots <= 64 }

    /// What ``ActionExpert/features(_:positions:cache:mask:)`` gives for a few slots without a mask, to rounding.
    ///
    /// - Parameters:
    ///   - inputs: `[B, L, width]`.
    ///   - positions: Rotary positions of the slots, float `[1, L]`.
    ///   - cache: The prefix and earlier slots, with room for these.
    /// - Returns: Normalized features, `[B, L, width]`; nil where the cache cannot be written in place.
    func features(_ inputs: Tensor, positions: Tensor, cache: inout KeyValueCache) -> Tensor? {
        let (count, width) = (inputs.size(1), inputs.size(2))
        var x = Rows(inputs.floats, width: width)
        let angles = positions.floats.flatMap { position in frequencies.map { $0 * position } }
        let cosines = Rows(angles.map(cos), width: frequencies.count)
        let sines = Rows(angles.map(sin), width: frequencies.count)
        for (index, layer) in layers.enumerated() {
            let read = cache.withRoom(for: count, layer: index) { keys, values, room, filled in
                // Made here, as attention turns queries and keys where they lie: what another one holds would be copied.
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
