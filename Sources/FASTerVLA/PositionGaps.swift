public import Support
public import Torch

/// Gaps between the positions of neighbouring action tokens, which training perturbs (arXiv 2512.04952, spacing
/// augmentation).
public struct PositionGaps: Codable, Equatable, Sendable, Validatable {
    /// Gap at inference, and the mean in training.
    public var inference = 2.0

    /// Standard deviation of a gap in training; 0 switches the augmentation off.
    public var deviation = 0.5

    /// Smallest gap in training.
    public var minimum = 1.0

    /// Largest gap in training.
    public var maximum = 3.0

    /// The defaults.
    public init() {}

    /// Checks that training takes gaps around the one at inference.
    public func validate() throws(InvalidValue) {
        for (key, number) in [("inference", inference), ("minimum", minimum), ("maximum", maximum)] {
            try Validation.require(number.isFinite, key, "a finite number", found: number)
        }
        try Validation.require(["deviation": deviation], atLeast: 0)
        try Validation.require(
            minimum <= maximum,
            "minimum",
            "at most 'maximum', which is \(maximum)",
            found: minimum
        )
        try Validation.require(
            deviation == 0 || (minimum ... maximum).contains(inference),
            "inference",
            "from 'minimum' to 'maximum', \(minimum) to \(maximum), as training takes no other",
            found: inference
        )
    }

    /// Evenly spaced positions of `count` slots from `start`, `[B or 1]`: float `[B or 1, count]`.
    public func positions(_ count: Int, from start: Tensor) -> Tensor {
        let offsets = Tensor.arange(0 ..< count, dtype: .float32, device: start.device) * inference
        return offsets.unsqueezed(0) + start.to(.float32).unsqueezed(1)
    }

    /// Positions with random whole gaps from `start`, `[batch or 1]`: float `[batch, count]`.
    public func perturbedPositions(_ count: Int, batch: Int, from start: Tensor) -> Tensor {
        guard deviation > 0 else { return positions(count, from: start) }
        let gaps = (Tensor.randn([batch, count]).to(start.device) * deviation + inference)
            .clamped(minimum ... maximum)
            .rounded()
        return gaps.cumulativeSum(1) - inference + start.to(.float32).unsqueezed(1)
    }
}
