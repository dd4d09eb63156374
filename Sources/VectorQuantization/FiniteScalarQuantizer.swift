public import Torch

/// Finite scalar quantizer: turns vectors of a few channels into integers by rounding every channel to one of its levels.
///
/// There is no table to learn and no entry that can die: the codebook is the grid of all levels. Channels are bounded by
/// a hyperbolic tangent; level 0 stands for -1, the last for 1.
/// Source: Finite Scalar Quantization (arXiv 2309.15505).
/// Departure: even numbers of levels lie evenly around 0, too, where the paper shifts them to have one at 0.
public struct FiniteScalarQuantizer: Equatable, Sendable {
    /// Levels of every channel, `[C]`.
    public let levels: [Int]

    /// Entries of the implied codebook.
    public var codebookSize: Int { levels.reduce(1, *) }

    /// Creates a quantizer.
    ///
    /// - Parameter levels: Levels of every channel, at least two each.
    public init(levels: [Int]) {
        precondition(!levels.isEmpty && levels.allSatisfy { $0 > 1 }, "a channel needs at least two levels")
        self.levels = levels
    }

    /// The value of every channel, bounded and rounded to its level: `[..., C]` to the same, within [-1, 1].
    ///
    /// Gradients pass as if only the bound were there.
    public func quantized(_ vectors: Tensor) -> Tensor {
        let bounded = vectors.tanh()
        let spans = self.spans(on: vectors.device)
        let rounded = rounded(bounded, spans) / spans * 2 - 1
        return bounded + (rounded - bounded).detached()
    }

    /// The code of every vector: `[..., C]` to int64 `[...]`, each in `0 ..< codebookSize`.
    public func codes(for vectors: Tensor) -> Tensor {
        let digits = rounded(vectors.tanh(), spans(on: vectors.device)).to(.int64)
        let strides = Tensor(strides, device: vectors.device)
        return (digits * strides).sum(-1)
    }

    /// The quantized vectors of codes: int64 `[...]`, each in `0 ..< codebookSize`, to `[..., C]`.
    public func vectors(for codes: Tensor) -> Tensor {
        let channels = zip(levels, strides).map { levels, stride in
            // Double precision holds every code exactly.
            let digits = (codes.to(.float64) / Double(stride)).floored()
            let rest = digits - (digits / Double(levels)).floored() * Double(levels)
            return (rest * (2 / Double(levels - 1)) - 1).to(.float32)
        }
        return .stacked(channels, axis: codes.rank)
    }

    /// Increment of the code for one level of each channel.
    private var strides: [Int] {
        levels.dropLast().reduce(into: [1]) { $0.append($0[$0.count - 1] * $1) }
    }

    private func spans(on device: Device) -> Tensor {
        Tensor(levels.map { Float($0 - 1) }, device: device)
    }

    /// The level of every channel, as real numbers.
    private func rounded(_ bounded: Tensor, _ spans: Tensor) -> Tensor {
        ((bounded + 1) * 0.5 * spans).rounded()
    }
}
