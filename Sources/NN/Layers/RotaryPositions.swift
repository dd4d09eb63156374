internal import Foundation
public import Torch

/// Rotary position embedding (RoPE, arXiv 2104.09864).
///
/// The first half of a head's width pairs with the second half, as in Llama. With sections, pairs of channels turn by
/// different positions of a token, its time, row and column (multimodal RoPE, arXiv 2409.12191).
public struct RotaryPositions: Equatable, Sendable {
    /// Width of an attention head; even.
    public let width: Int

    /// Pairs of channels that turn by each of a token's positions, together `width / 2`; nil for tokens with one position.
    public let sections: [Int]?

    /// Angle that each pair of channels turns by from one position to the next, `[width / 2]`.
    public let frequencies: [Float]

    /// Describes the rotation of heads of `width`, with wavelengths that grow geometrically up to `2π · base`.
    ///
    /// Rounded as transformers does: at position 1000, an angle is as far off as the thousandfold rounding of its frequency.
    public init(width: Int, base: Double = 10_000, sections: [Int]? = nil) {
        let frequencies = (0 ..< width / 2).map { index in
            1 / Float(pow(base, Double(2 * Float(index) / Float(width))))
        }
        self.init(width: width, frequencies: frequencies, sections: sections)
    }

    /// Describes the rotation of heads of `width` by `frequencies`, in radians a position, `[width / 2]`.
    public init(width: Int, frequencies: [Float], sections: [Int]? = nil) {
        precondition(
            width % 2 == 0 && frequencies.count == width / 2,
            "\(frequencies.count) frequencies for heads of \(width)"
        )
        precondition(
            sections.map { $0.reduce(0, +) == width / 2 } ?? true,
            "sections \(sections ?? []) of \(width / 2) pairs of channels"
        )
        (self.width, self.frequencies, self.sections) = (width, frequencies, sections)
    }

    /// Cosines and sines for `positions`, int64 or float `[B, L]` or `[L]`, or `[sections, B, L]`.
    public func angles(for positions: Tensor) -> RotaryAngles {
        let rows = positions.rank == 1 ? positions.unsqueezed(0) : positions
        let angle =
            rows.to(.float32).unsqueezed(-1)
            * Tensor(frequencies, shape: [1, 1, width / 2], device: positions.device)
        return RotaryAngles(rows.rank == 3 ? sectioned(angle) : angle)
    }

    /// Angles of every pair of channels, `[B, L, width / 2]`, each taken from its section of `[sections, B, L, width / 2]`.
    private func sectioned(_ angles: Tensor) -> Tensor {
        guard let sections, angles.size(0) == sections.count else {
            preconditionFailure("\(angles.size(0)) positions of a token, for sections \(sections ?? [])")
        }
        let parts = angles.split(sizes: sections, axis: 3)
        return .concatenated(parts.enumerated().map { $1.select(0, $0) }, axis: 2)
    }
}

/// Cosines and sines that heads are rotated by.
public struct RotaryAngles: Sendable {
    /// `[B or 1, 1, L, width]`.
    public let cosine: Tensor

    /// `[B or 1, 1, L, width]`.
    public let sine: Tensor

    /// True rotates in single precision and casts back, as Qwen's vision encoder does; otherwise in the heads' own.
    public var isSinglePrecision = false

    /// Cosines and sines of angles in radians, `[B or 1, L, width / 2]`.
    public init(_ angles: Tensor) {
        let both = Tensor.concatenated([angles, angles], axis: 2).unsqueezed(1)
        (cosine, sine) = (both.cos(), both.sin())
    }

    /// `heads`, `[B, A, L, width]`, rotated.
    public func rotate(_ heads: Tensor) -> Tensor {
        let x = isSinglePrecision ? heads.to(.float32) : heads
        let half = x.size(3) / 2
        let turned = Tensor.concatenated(
            [x.narrowed(3, from: half, count: half).negated(), x.narrowed(3, from: 0, count: half)],
            axis: 3
        )
        let rotated = x * cosine.to(x.dtype) + turned * sine.to(x.dtype)
        return isSinglePrecision ? rotated.to(heads.dtype) : rotated
    }
}
