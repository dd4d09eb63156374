private enum Arithmetic {
    static let adding = Operator("aten::add", "Tensor")
    static let addingScalar = Operator("aten::add", "Scalar")
    static let subtracting = Operator("aten::sub", "Tensor")
    static let subtractingScalar = Operator("aten::sub", "Scalar")
    static let multiplying = Operator("aten::mul", "Tensor")
    static let multiplyingScalar = Operator("aten::mul", "Scalar")
    static let multiplyingInPlace = Operator("aten::mul_", "Tensor")
    static let multiplyingScalarInPlace = Operator("aten::mul_", "Scalar")
    static let dividing = Operator("aten::div", "Tensor")
    static let dividingScalar = Operator("aten::div", "Scalar")
    static let floorDividingScalar = Operator("aten::floor_divide", "Scalar")
    static let remainderScalar = Operator("aten::remainder", "Scalar")
    static let equal = Operator("aten::eq", "Tensor")
    static let equalScalar = Operator("aten::eq", "Scalar")
    static let less = Operator("aten::lt", "Tensor")
    static let lessScalar = Operator("aten::lt", "Scalar")
    static let greater = Operator("aten::gt", "Tensor")
    static let greaterScalar = Operator("aten::gt", "Scalar")
    static let greaterOrEqual = Operator("aten::ge", "Tensor")
    static let greaterOrEqualScalar = Operator("aten::ge", "Scalar")
    static let and = Operator("aten::logical_and")
    static let or = Operator("aten::logical_or")
    static let reciprocal = Operator("aten::reciprocal")
    static let fill = Operator("aten::fill_", "Scalar")
}

extension Tensor {
    /// The sum, broadcast.
    public static func + (left: Tensor, right: Tensor) -> Tensor {
        Arithmetic.adding(.tensor(left), .tensor(right))
    }

    /// The sum, broadcast.
    public static func + (left: Tensor, right: Double) -> Tensor {
        Arithmetic.addingScalar(.tensor(left), .real(right))
    }

    /// The difference, broadcast.
    public static func - (left: Tensor, right: Tensor) -> Tensor {
        Arithmetic.subtracting(.tensor(left), .tensor(right))
    }

    /// The difference, broadcast.
    public static func - (left: Tensor, right: Double) -> Tensor {
        Arithmetic.subtractingScalar(.tensor(left), .real(right))
    }

    /// The product element by element, broadcast.
    public static func * (left: Tensor, right: Tensor) -> Tensor {
        Arithmetic.multiplying(.tensor(left), .tensor(right))
    }

    /// The product element by element, broadcast.
    public static func * (left: Tensor, right: Double) -> Tensor {
        Arithmetic.multiplyingScalar(.tensor(left), .real(right))
    }

    /// The integer quotient, rounded down, and the remainder, of int64 elements.
    public func quotientAndRemainder(dividingBy divisor: Int) -> (quotient: Tensor, remainder: Tensor) {
        (
            Arithmetic.floorDividingScalar(.tensor(self), .integer(divisor)),
            Arithmetic.remainderScalar(.tensor(self), .integer(divisor))
        )
    }

    /// The quotient element by element, broadcast.
    public static func / (left: Tensor, right: Tensor) -> Tensor {
        Arithmetic.dividing(.tensor(left), .tensor(right))
    }

    /// The quotient element by element, broadcast.
    public static func / (left: Tensor, right: Double) -> Tensor {
        Arithmetic.dividingScalar(.tensor(left), .real(right))
    }

    /// The sum with every element.
    public static func + (left: Double, right: Tensor) -> Tensor { right + left }

    /// The product with every element.
    public static func * (left: Double, right: Tensor) -> Tensor { right * left }

    /// The difference to every element.
    public static func - (left: Double, right: Tensor) -> Tensor { right.negated() + left }

    /// The quotient by every element.
    public static func / (left: Double, right: Tensor) -> Tensor {
        Arithmetic.reciprocal(.tensor(right)) * left
    }

    /// The negative of every element.
    public static prefix func - (tensor: Tensor) -> Tensor { tensor.negated() }

    /// Overwrites this tensor: the product element by element, broadcast.
    public func multiplyInPlace(_ other: Tensor) {
        Arithmetic.multiplyingInPlace(.tensor(self), .tensor(other))
    }

    /// Overwrites this tensor: the product element by element, broadcast.
    public func multiplyInPlace(_ other: Double) {
        Arithmetic.multiplyingScalarInPlace(.tensor(self), .real(other))
    }

    /// Overwrites every element with `value`.
    public func fillInPlace(_ value: Double) { Arithmetic.fill(.tensor(self), .real(value)) }

    /// Mask of elements that are equal, bool.
    public func equal(_ other: Tensor) -> Tensor { Arithmetic.equal(.tensor(self), .tensor(other)) }

    /// Mask of elements that are equal, bool.
    public func equal(_ other: Double) -> Tensor { Arithmetic.equalScalar(.tensor(self), .real(other)) }

    /// Mask of elements that are less, bool.
    public func less(_ other: Tensor) -> Tensor { Arithmetic.less(.tensor(self), .tensor(other)) }

    /// Mask of elements that are less, bool.
    public func less(_ other: Double) -> Tensor { Arithmetic.lessScalar(.tensor(self), .real(other)) }

    /// Mask of elements that are greater, bool.
    public func greater(_ other: Tensor) -> Tensor { Arithmetic.greater(.tensor(self), .tensor(other)) }

    /// Mask of elements that are greater, bool.
    public func greater(_ other: Double) -> Tensor { Arithmetic.greaterScalar(.tensor(self), .real(other)) }

    /// Mask of elements that are greater or equal, bool.
    public func greaterOrEqual(_ other: Tensor) -> Tensor {
        Arithmetic.greaterOrEqual(.tensor(self), .tensor(other))
    }

    /// Mask of elements that are greater or equal, bool.
    public func greaterOrEqual(_ other: Double) -> Tensor {
        Arithmetic.greaterOrEqualScalar(.tensor(self), .real(other))
    }

    /// Mask of elements that are true in both, bool.
    public func and(_ other: Tensor) -> Tensor { Arithmetic.and(.tensor(self), .tensor(other)) }

    /// Mask of elements that are true in one or both, bool.
    public func or(_ other: Tensor) -> Tensor { Arithmetic.or(.tensor(self), .tensor(other)) }
}
