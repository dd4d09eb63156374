private enum Elementwise {
    static let negated = Operator("aten::neg")
    static let abs = Operator("aten::abs")
    static let log = Operator("aten::log")
    static let sqrt = Operator("aten::sqrt")
    static let sin = Operator("aten::sin")
    static let cos = Operator("aten::cos")
    static let tanh = Operator("aten::tanh")
    static let sigmoid = Operator("aten::sigmoid")
    static let relu = Operator("aten::relu")
    static let relu6InPlace = Operator("aten::hardtanh_")
    static let squared = Operator("aten::square")
    static let rounded = Operator("aten::round")
    static let floored = Operator("aten::floor")
    static let isFinite = Operator("aten::isfinite")
    static let logicalNot = Operator("aten::logical_not")
    static let gelu = Operator("aten::gelu")
    static let silu = Operator("aten::silu")
    static let power = Operator("aten::pow", "Tensor_Scalar")
    static let clamp = Operator("aten::clamp")
    static let clampBetween = Operator("aten::clamp", "Tensor")
    static let maximum = Operator("aten::maximum")
    static let minimum = Operator("aten::minimum")
}

extension Tensor {
    /// The negative of every element.
    public func negated() -> Tensor { Elementwise.negated(.tensor(self)) }

    /// The absolute value of every element.
    public func abs() -> Tensor { Elementwise.abs(.tensor(self)) }

    /// The natural logarithm of every element.
    public func log() -> Tensor { Elementwise.log(.tensor(self)) }

    /// The square root of every element.
    public func sqrt() -> Tensor { Elementwise.sqrt(.tensor(self)) }

    /// The sine of every element.
    public func sin() -> Tensor { Elementwise.sin(.tensor(self)) }

    /// The cosine of every element.
    public func cos() -> Tensor { Elementwise.cos(.tensor(self)) }

    /// The hyperbolic tangent of every element.
    public func tanh() -> Tensor { Elementwise.tanh(.tensor(self)) }

    /// The logistic function of every element.
    public func sigmoid() -> Tensor { Elementwise.sigmoid(.tensor(self)) }

    /// Zero where negative.
    public func relu() -> Tensor { Elementwise.relu(.tensor(self)) }

    /// Moves every element into the range from 0 to 6 (ReLU6), in place, and returns the tensor.
    public func relu6InPlace() -> Tensor { Elementwise.relu6InPlace(.tensor(self), .real(0), .real(6)) }

    /// The square of every element.
    public func squared() -> Tensor { Elementwise.squared(.tensor(self)) }

    /// Every element rounded half to even.
    public func rounded() -> Tensor { Elementwise.rounded(.tensor(self)) }

    /// Every element rounded down.
    public func floored() -> Tensor { Elementwise.floored(.tensor(self)) }

    /// Mask of elements that are neither infinite nor NaN, bool.
    public func isFinite() -> Tensor { Elementwise.isFinite(.tensor(self)) }

    /// Mask of elements that are false or zero, bool.
    public func logicalNot() -> Tensor { Elementwise.logicalNot(.tensor(self)) }

    /// The Gaussian error linear unit, not its tanh approximation, which takes longer on a CPU.
    public func gelu() -> Tensor { Elementwise.gelu(.tensor(self)) }

    /// The tanh approximation of the Gaussian error linear unit.
    public func geluTanh() -> Tensor { Elementwise.gelu(.tensor(self), "tanh") }

    /// The sigmoid linear unit, `x · sigmoid(x)`.
    public func silu() -> Tensor { Elementwise.silu(.tensor(self)) }

    /// Every element to the power of `exponent`.
    public func power(_ exponent: Double) -> Tensor { Elementwise.power(.tensor(self), .real(exponent)) }

    /// Every element moved into `range`.
    public func clamped(_ range: ClosedRange<Double>) -> Tensor {
        Elementwise.clamp(.tensor(self), .real(range.lowerBound), .real(range.upperBound))
    }

    /// Every element moved between those of `lower` and `upper`, broadcast.
    public func clamped(from lower: Tensor, to upper: Tensor) -> Tensor {
        Elementwise.clampBetween(.tensor(self), .tensor(lower), .tensor(upper))
    }

    /// The larger of the two elements, broadcast.
    public func maximum(_ other: Tensor) -> Tensor { Elementwise.maximum(.tensor(self), .tensor(other)) }

    /// The smaller of the two elements, broadcast.
    public func minimum(_ other: Tensor) -> Tensor { Elementwise.minimum(.tensor(self), .tensor(other)) }
}
