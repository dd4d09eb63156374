internal import CKernels

extension Rows {
    /// Every row with zero mean and unit variance, times `scale`, `[width]`.
    public func normalized(scale: [Float], epsilon: Float) -> Rows {
        precondition(scale.count == width, "a norm's scale is as long as a row")
        return Rows(count: count, width: width) { y in
            kernel_normalize(values, count, width, scale, epsilon, y)
        }
    }

    /// Every one of `count` numbers becomes its GELU.
    static func applyGelu(_ numbers: UnsafeMutablePointer<Float>, count: Int) { kernel_gelu(numbers, count) }

    /// Every number becomes its GELU.
    public mutating func applyGelu() {
        let count = values.count
        values.withUnsafeMutableBufferPointer { values in
            guard let values = values.baseAddress else { return }
            kernel_gelu(values, count)
        }
    }
}
