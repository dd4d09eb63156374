internal import NN
internal import Torch

/// A pre-norm transformer block over the flattened grid of places.
///
/// The norms' large epsilon leaves nearly constant channels small instead of blowing them up, and branches start
/// scaled down (layer scale): both keep idle groups idle.
/// Source: the transformer audio codecs that TAAE follows (arXiv 2411.19842).
struct TransformerBlock: Module {
    let attentionNorm: LayerNorm
    let attention: SelfAttention
    @Parameter var attentionScale: Tensor
    let feedForwardNorm: LayerNorm
    let feedForward: FeedForward
    @Parameter var feedForwardScale: Tensor

    init(_ width: Int, headCount: Int, layerScale: Double, device: Device) {
        attentionNorm = LayerNorm(width, bias: false, epsilon: 1e-2, device: device)
        attention = SelfAttention(width, headCount: headCount, rotary: false, device: device)
        _attentionScale = Parameter(wrappedValue: .full([width], layerScale, device: device))
        feedForwardNorm = LayerNorm(width, bias: false, epsilon: 1e-2, device: device)
        feedForward = FeedForward(width, hidden: 4 * width, device: device)
        _feedForwardScale = Parameter(wrappedValue: .full([width], layerScale, device: device))
    }

    /// `x`, `[B, N, C]`, transformed; places outside `mask`, `[B, 1, 1, N]`, are not attended to.
    func callAsFunction(_ x: Tensor, mask: Tensor? = nil) -> Tensor {
        let y = x + attention(attentionNorm(x), mask: mask) * attentionScale
        return y + feedForward(feedForwardNorm(y)) * feedForwardScale
    }
}
