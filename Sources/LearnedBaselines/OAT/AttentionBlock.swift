internal import NN
internal import Torch

/// A pre-norm transformer block.
struct AttentionBlock: Module {
    private let attentionNorm: LayerNorm
    private let attention: SelfAttention
    private let feedForwardNorm: LayerNorm
    private let feedForward: FeedForward

    /// Creates one of `depth` blocks; the initialisation scales residual branches by the depth.
    init(_ width: Int, headCount: Int, depth: Int, device: Device) {
        let gain = 1 / Double(2 * depth).squareRoot()
        attentionNorm = LayerNorm(width, device: device)
        attention = SelfAttention(width, headCount: headCount, gain: gain, device: device)
        feedForwardNorm = LayerNorm(width, device: device)
        feedForward = FeedForward(width, hidden: 4 * width, gain: gain, device: device)
    }

    /// `x`, `[B, L, C]`, transformed; row i attends to column j where `mask`, bool `[L, L]`, is true.
    func callAsFunction(_ x: Tensor, mask: Tensor) -> Tensor {
        let y = x + attention(attentionNorm(x), mask: mask)
        return y + feedForward(feedForwardNorm(y))
    }
}

extension Tensor {
    /// A mask, bool `[count, count]`: row i may attend to column j.
    static func attentionMask(_ count: Int, device: Device, _ mayAttend: (Int, Int) -> Bool) -> Tensor {
        let rows = (0 ..< count).flatMap { row in (0 ..< count).map { Float(mayAttend(row, $0) ? 1 : 0) } }
        return Tensor(rows, shape: [count, count], device: device).greater(0)
    }
}
