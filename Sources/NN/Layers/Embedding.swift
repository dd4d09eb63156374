public import Torch

/// A trained vector for every one of a fixed set of integers.
public struct Embedding: Module {
    /// `[entries, width]`.
    @Parameter public var weight: Tensor

    /// Vectors from a normal distribution.
    public init(_ entries: Int, _ width: Int, standardDeviation: Double = 0.02, device: Device = .cpu) {
        _weight = Parameter(
            wrappedValue: .normalParameter(
                [entries, width],
                standardDeviation: standardDeviation,
                device: device
            )
        )
    }

    /// The vectors of `indices`: int64 `[...]` gives `[..., width]`.
    public func callAsFunction(_ indices: Tensor) -> Tensor { indices.embedded(in: weight) }
}
