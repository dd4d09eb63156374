package import NN
package import Torch

/// A pre-norm transformer block over latent positions.
///
/// The large epsilon of the norms keeps nearly constant channels small, and layer scale lets branches start small: both
/// keep idle groups idle. Source: the transformer audio codec that TAAE follows (arXiv 2411.19842).
package struct TransformerBlock: Module {
    package let attentionNorm: LayerNorm
    package let attention: SelfAttention
    @Parameter package var attentionScale: Tensor
    package let feedForwardNorm: LayerNorm
    package let feedForward: FeedForward
    @Parameter package var feedForwardScale: Tensor

    init(_ width: Int, headCount: Int, layerScale: Double, device: Device) {
        attentionNorm = LayerNorm(width, bias: false, epsilon: 1e-2, device: device)
        attention = SelfAttention(width, headCount: headCount, device: device)
        _attentionScale = Parameter(wrappedValue: .full([width], layerScale, device: device))
        feedForwardNorm = LayerNorm(width, bias: false, epsilon: 1e-2, device: device)
        feedForward = FeedForward(width, hidden: 4 * width, device: device)
        _feedForwardScale = Parameter(wrappedValue: .full([width], layerScale, device: device))
    }

    /// Transforms `x`, `[B, N, C]`; positions outside `mask`, bool `[B, 1, 1, N]`, are not attended to.
    func callAsFunction(_ x: Tensor, mask: Tensor? = nil) -> Tensor {
        let y = x + attention(attentionNorm(x), mask: mask) * attentionScale
        return y + feedForward(feedForwardNorm(y)) * feedForwardScale
    }
}
