public import Torch

// Axes in this file
//   B  batch      L  tokens of this forward      A  heads      E  width of a head

/// Pre-norm transformer layer on top of a KV cache: norm, attention, norm, feed-forward network.
public struct DecoderLayer: Module {
    /// Before attention.
    public let attentionNorm: LayerNorm

    /// Attention, with rotary positions.
    public let attention: SelfAttention

    /// Before the feed-forward network.
    public let feedForwardNorm: LayerNorm

    /// Feed-forward network of four times the width.
    public let feedForward: FeedForward

    /// Creates a layer with random weights.
    ///
    /// - Parameters:
    ///   - width: Number of channels.
    ///   - headCount: Number of attention heads.
    ///   - headWidth: Channels of a head; may differ from `width / headCount`.
    ///   - layerCount: Number of layers of the whole network, which scales the initial residual branches (GPT-2).
    ///   - device: Device of the parameters.
    public init(width: Int, headCount: Int, headWidth: Int, layerCount: Int, device: Device) {
        let gain = 1 / Double(2 * layerCount).squareRoot()
        attentionNorm = LayerNorm(width, device: device)
        attention = SelfAttention(
            width,
            headCount: headCount,
            headWidth: headWidth,
            rotary: true,
            gain: gain,
            device: device
        )
        feedForwardNorm = LayerNorm(width, device: device)
        feedForward = FeedForward(width, hidden: 4 * width, gain: gain, device: device)
    }

    /// One forward of a few tokens.
    ///
    /// - Parameters:
    ///   - x: `[B, L, width]`.
    ///   - angles: Rotary angles of the tokens; nil for position 0.
    ///   - mask: bool, broadcasts to `[B, A, L, keys]`; nil attends to all.
    ///   - cached: Takes the tokens' keys and values, `[B, A, L, E]`, and returns all that they attend to.
    /// - Returns: `[B, L, width]`.
    public func callAsFunction(
        _ x: Tensor,
        angles: (cosine: Tensor, sine: Tensor)?,
        mask: Tensor?,
        cached: (_ key: Tensor, _ value: Tensor) -> (key: Tensor, value: Tensor)
    ) -> Tensor {
        let heads = attention.heads(attentionNorm(x), angles: angles)
        let (key, value) = cached(heads.key, heads.value)
        let y = x + attention.joined(heads.query.attention(key: key, value: value, mask: mask))
        return y + feedForward(feedForwardNorm(y))
    }
}
