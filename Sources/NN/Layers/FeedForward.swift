public import Torch

/// The two-layer network of a transformer block, with GELU between: `[..., width]` to the same.
public struct FeedForward: Module {
    /// `[width]` to `[hidden]`.
    public let up: Linear

    /// `[hidden]` to `[width]`.
    public let down: Linear

    /// Creates the layers; `gain` scales the second one's initial weights.
    public init(_ width: Int, hidden: Int, gain: Double = 1, device: Device = .cpu) {
        up = Linear(width, hidden, device: device)
        down = Linear(hidden, width, gain: gain, device: device)
    }

    /// `x`, `[..., width]`, mapped to the same shape.
    public func callAsFunction(_ x: Tensor) -> Tensor { down(up(x).gelu()) }
}
