public import Torch

// Axes in this file
//   B  batch      L  tokens      A  heads      E  width of a head

/// Attention of a sequence to itself, with normalized queries and keys.
///
/// Normalizing them bounds the scores and keeps training stable (QK norm, arXiv 2302.05442).
public struct SelfAttention: Module {
    /// Queries, keys and values in one product: `[width]` to `[3 · A · E]`.
    public let projection: Linear

    /// `[A · E]` to `[width]`.
    public let output: Linear

    /// Norm of each head's queries.
    public let queryNorm: LayerNorm

    /// Norm of each head's keys.
    public let keyNorm: LayerNorm

    /// Heads.
    public let headCount: Int

    /// Rotary positions; nil for sequences with embedded positions.
    public let rotary: RotaryPositions?

    /// Creates attention over `width` channels.
    ///
    /// - Parameters:
    ///   - width: Channels of the sequence.
    ///   - headCount: Heads.
    ///   - headWidth: Channels of a head; `width / headCount` unless said otherwise.
    ///   - rotary: True rotates queries and keys by their positions.
    ///   - gain: Scale of the output's initial weights.
    ///   - device: Device of the parameters.
    public init(
        _ width: Int,
        headCount: Int,
        headWidth: Int? = nil,
        rotary: Bool,
        gain: Double = 1,
        device: Device = .cpu
    ) {
        precondition(
            headWidth != nil || width % headCount == 0,
            "width \(width) is not a multiple of \(headCount) heads"
        )
        let headWidth = headWidth ?? width / headCount
        projection = Linear(width, 3 * headCount * headWidth, bias: false, device: device)
        output = Linear(headCount * headWidth, width, bias: false, gain: gain, device: device)
        queryNorm = LayerNorm(headWidth, bias: false, device: device)
        keyNorm = LayerNorm(headWidth, bias: false, device: device)
        self.headCount = headCount
        self.rotary = rotary ? RotaryPositions(width: headWidth) : nil
    }

    /// Keys and values that others may attend to, and queries: each `[B, A, L, E]`.
    public func heads(
        _ x: Tensor,
        angles: (cosine: Tensor, sine: Tensor)? = nil
    ) -> (query: Tensor, key: Tensor, value: Tensor) {
        let (batch, length) = (x.size(0), x.size(1))
        let parts = projection(x).reshaped(batch, length, 3, headCount, -1).permuted(2, 0, 3, 1, 4)
        var query = queryNorm(parts.select(0, 0))
        var key = keyNorm(parts.select(0, 1))
        if let rotary, let angles {
            query = rotary(query, angles)
            key = rotary(key, angles)
        }
        return (query, key, parts.select(0, 2))
    }

    /// Heads joined and projected: `[B, A, L, E]` to `[B, L, width]`.
    public func joined(_ heads: Tensor) -> Tensor {
        output(heads.transposed(1, 2).reshaped(heads.size(0), heads.size(2), -1))
    }

    /// `x`, `[B, L, width]`, attending to itself under `mask` (bool, broadcast to `[B, A, L, L]`).
    public func callAsFunction(
        _ x: Tensor,
        angles: (cosine: Tensor, sine: Tensor)? = nil,
        mask: Tensor? = nil
    ) -> Tensor {
        let (query, key, value) = heads(x, angles: angles)
        return joined(query.attention(key: key, value: value, mask: mask))
    }
}
