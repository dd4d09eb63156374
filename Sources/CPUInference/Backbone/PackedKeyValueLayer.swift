internal import Backbones
internal import NN
internal import Torch

/// `KeyValueLayer` for one observation.
struct PackedKeyValueLayer: Sendable {
    private let norm: PackedNorm
    private let projection: PackedLinear
    private let keyNorm: PackedNorm
    private let headWidth: Int

    /// Packs the present weights of `layer`.
    init(_ layer: KeyValueLayer) {
        norm = PackedNorm(layer.norm)
        projection = PackedLinear(layer.projection, after: layer.norm)
        keyNorm = PackedNorm(layer.keyNorm)
        headWidth = layer.keyNorm.weight.count
    }

    /// Writes keys and values of `x`, `[S, width]`, where there is room for more tokens: each `[heads, room, head width]`.
    func callAsFunction(
        _ x: Rows,
        keys: UnsafeMutablePointer<Float>,
        values: UnsafeMutablePointer<Float>,
        room: Int
    ) {
        let joined = projection(norm(x)).regrouped(width: headWidth)
        let heads = joined.count / x.count / 2
        let normalized = keyNorm(joined)
        for token in 0 ..< x.count {
            for head in 0 ..< heads {
                let (key, value) = (
                    (token * 2 * heads + head) * headWidth, (token * 2 * heads + heads + head) * headWidth
                )
                let target = (head * room + token) * headWidth
                for channel in 0 ..< headWidth {
                    keys[target + channel] = normalized.values[key + channel]
                    values[target + channel] = joined.values[value + channel]
                }
            }
        }
    }
}
