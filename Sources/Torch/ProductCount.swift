/// Work of the matrix products, convolutions and attentions of some code: what a network's time consists of.
public struct ProductCount: Equatable, Sendable {
    /// Multiplications and additions.
    public var flops = 0

    /// Bytes of the operands and results, as if nothing stayed in a cache between two products.
    public var bytes = 0

    /// Nothing.
    public init() {}

    /// Both counts together.
    public static func + (a: ProductCount, b: ProductCount) -> ProductCount {
        var sum = a
        sum.flops += b.flops
        sum.bytes += b.bytes
        return sum
    }
}

/// Runs `body` and counts the products that it computes on this task, those of kernels outside libtorch excepted.
public func countingProducts<Result>(_ body: () throws -> Result) rethrows -> (Result, ProductCount) {
    let counter = ProductCounter()
    let result = try ProductCounter.$current.withValue(counter, operation: body)
    return (result, counter.count)
}

/// The count that products of a task add to.
final class ProductCounter: @unchecked Sendable {
    @TaskLocal static var current: ProductCounter?

    fileprivate(set) var count = ProductCount()

    /// Adds a product of `depth` multiplications and additions an element of `result`.
    func add(depth: Int, result: Tensor, _ operands: [Tensor]) {
        count.flops += 2 * depth * result.count
        count.bytes += (operands + [result]).reduce(0) { $0 + $1.count * $1.dtype.byteCount }
    }
}

extension Tensor {
    /// This result of a product of `depth` multiplications and additions an element, counted.
    package func counted(depth: Int, _ operands: Tensor...) -> Tensor {
        ProductCounter.current?.add(depth: depth, result: self, operands)
        return self
    }
}
