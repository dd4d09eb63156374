internal import NN
internal import Torch

/// A transformer layer of the compact backbone, or of its action expert, for a few tokens on top of a KV cache.
struct PackedDecoderLayer: Sendable {
    private let attentionNorm: [Float]
    private let projection: PackedLinear
    private let attention: PackedCachedAttention
    private let output: PackedLinear
    private let feedForwardNorm: [Float]
    private let up: PackedLinear
    private let down: PackedLinear
    private let epsilon: Float

    /// Numbers of a token's keys: heads · width.
    var keyWidth: Int { attention.keyWidth }

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
        epsilon = Float(attentionNorm.epsilon)
    }

    /// Passes tokens, `[batch · tokens, width]`, through the layer; their keys and values go into the cache.
    ///
    /// - Parameters:
    ///   - x: The tokens, which become the layer's output.
    ///   - angles: Rotary angles of the tokens; nil for position 0.
    ///   - tokens: Tokens of an element of the batch.
    ///   - cache: Cache with room for the tokens.
    func callAsFunction(
        _ x: inout Rows,
        angles: PackedAngles?,
        tokens: Int,
        cache: PackedCachedAttention.Cache
    ) {
        let read = attention(
            projection(x.normalized(scale: attentionNorm, epsilon: epsilon)),
            angles: angles,
            tokens: tokens,
            cache: cache
        )
        output.add(read, to: &x)
        var hidden = up(x.normalized(scale: feedForwardNorm, epsilon: epsilon))
        hidden.applyGelu()
        down.add(hidden, to: &x)
    }
}

/// Cosines and sines of rotary angles, each `[tokens, width / 2]`.
struct PackedAngles: Sendable {
    let cosines: [Float]
    let sines: [Float]
}
