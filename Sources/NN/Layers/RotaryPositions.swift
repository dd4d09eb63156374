internal import Foundation
public import Torch

/// Rotary position embedding (RoPE, arXiv 2104.09864).
///
/// The first half of a head's width pairs with the second half, as in Llama.
public struct RotaryPositions: Sendable {
    /// Width of an attention head; even.
    public let width: Int

    /// Wavelengths grow geometrically up to `2π · base`.
    public let base: Double

    /// Describes the rotation of heads of `width`.
    public init(width: Int, base: Double = 10_000) {
        precondition(width % 2 == 0, "rotary positions need heads of even width, got \(width)")
        self.width = width
        self.base = base
    }

    /// Angle that each pair of channels turns by from one position to the next, `[width / 2]`.
    public var frequencies: [Float] {
        (0 ..< width / 2).map { Float(Foundation.pow(base, Double(Float(-2 * Double($0) / Double(width))))) }
    }

    /// Cosines and sines for `positions`, int64 or float `[B, L]` or `[L]`: each `[B or 1, 1, L, width]`.
    public func angles(for positions: Tensor) -> (cosine: Tensor, sine: Tensor) {
        let rows = positions.rank == 1 ? positions.unsqueezed(0) : positions
        let angle =
            rows.to(.float32).unsqueezed(2)
            * Tensor(frequencies, device: positions.device).reshaped(1, 1, width / 2)
        let both = Tensor.concatenated([angle, angle], axis: 2).unsqueezed(1)
        return (both.cos(), both.sin())
    }

    /// `x`, `[B, A, L, width]`, rotated by `angles`.
    public func callAsFunction(_ x: Tensor, _ angles: (cosine: Tensor, sine: Tensor)) -> Tensor {
        let half = width / 2
        let turned = Tensor.concatenated(
            [x.narrowed(3, from: half, count: half).negated(), x.narrowed(3, from: 0, count: half)],
            axis: 3
        )
        return x * angles.cosine.to(x.dtype) + turned * angles.sine.to(x.dtype)
    }
}
